import { connect, type Socket } from "node:net";
import type { MemberAddress } from "../addresses.ts";
import { MalformedError, NoAnswerError } from "./errors.ts";
import { MessageReader } from "./frames.ts";
import { encodeMessage, type Incoming, type Message, readAnswer, readIncoming } from "./message.ts";
import { type Authenticated, authenticate } from "./messages.ts";

/** Bounds of one conversation. */
export interface ConversationLimits {
  readonly connectMillis: number;
  /** From the first packet to the last answer. */
  readonly totalMillis: number;
  /** All that a member may send, over the whole conversation. */
  readonly receivedBytes: number;
}

/** An open, authenticated connection to one member. */
export interface Conversation {
  /** What the member told of itself and its cluster when it let us in. */
  readonly peer: Authenticated;
  /** @throws EngineError, MalformedError, NoAnswerError */
  ask<T>(message: Message<T>): Promise<T>;
  /** The next event of this type, one that has come already included. */
  event(type: number): Promise<Incoming>;
  /** Waits, with the connection open. @throws NoAnswerError as soon as the conversation is over */
  pause(millis: number): Promise<void>;
}

export interface ConversationRequest {
  readonly address: MemberAddress;
  readonly clusterName: string;
  readonly limits: ConversationLimits;
  readonly signal: AbortSignal;
}

/**
 * Opens a connection to one member, asks what `talk` wants to know, and closes it whatever comes. No pings, no timers
 * beyond the deadlines: nothing is left when the promise settles. A member logs each such connection with a line or two.
 * @throws NoAnswerError, MalformedError, EngineError
 */
export async function converse<T>(request: ConversationRequest, talk: (with_: Conversation) => Promise<T>): Promise<T> {
  const { address, limits, signal } = request;
  if (signal.aborted) throw new NoAnswerError("given up by the asker");
  const line = new Line(connect({ host: address.host, port: address.port, noDelay: true }), limits.receivedBytes);
  const abandon = () => line.fail(new NoAnswerError("given up by the asker"));
  const late = (what: string, millis: number) =>
    setTimeout(() => line.fail(new NoAnswerError(`${what} within ${millis} ms`)), millis);
  const connectTimer = late("no connection", limits.connectMillis);
  const totalTimer = late("no complete answer", limits.totalMillis);
  signal.addEventListener("abort", abandon, { once: true });
  try {
    await line.connected();
    clearTimeout(connectTimer);
    const peer = await line.ask(authenticate(request.clusterName));
    return await talk({
      peer,
      ask: (message) => line.ask(message),
      event: (type) => line.event(type),
      pause: (millis) => line.pause(millis),
    });
  } finally {
    clearTimeout(connectTimer);
    clearTimeout(totalTimer);
    signal.removeEventListener("abort", abandon);
    line.fail(new NoAnswerError("the conversation is over"));
  }
}

interface Waiting {
  resolve(incoming: Incoming): void;
  reject(error: Error): void;
}

/** The socket, with the answers that are awaited on it. Fails once, for everybody who waits and everybody who asks later. */
class Line {
  readonly #socket: Socket;
  readonly #reader: MessageReader;
  readonly #answers = new Map<bigint, Waiting>();
  readonly #events = new Map<number, Incoming[]>();
  readonly #listeners = new Map<number, Waiting>();
  #connecting: { resolve(): void; reject(error: Error): void } | undefined;
  #pausing: { resolve(): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;
  #correlation = 0n;

  constructor(socket: Socket, limitBytes: number) {
    this.#socket = socket;
    this.#reader = new MessageReader(limitBytes);
    socket.on("error", (error: NodeJS.ErrnoException) => this.fail(new NoAnswerError(wordsFor(error))));
    socket.on("close", () => this.fail(new NoAnswerError("closed by the member")));
    socket.on("data", (chunk) => this.#receive(chunk));
  }

  connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#connecting = { resolve, reject };
      this.#socket.once("connect", () => {
        // Three characters say which protocol follows: the member's port speaks several.
        this.#socket.write("CP2");
        resolve();
      });
    });
  }

  async ask<T>(message: Message<T>): Promise<T> {
    this.#correlation += 1n;
    const correlation = this.#correlation;
    const incoming = await this.#wait(this.#answers, correlation, () =>
      this.#socket.write(encodeMessage(message, correlation)),
    );
    return readAnswer(message, incoming);
  }

  event(type: number): Promise<Incoming> {
    const come = this.#events.get(type)?.shift();
    return come ? Promise.resolve(come) : this.#wait(this.#listeners, type, () => {});
  }

  pause(millis: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#pausing = { resolve, reject };
      timer = setTimeout(resolve, millis);
    });
    return over.finally(() => clearTimeout(timer));
  }

  /** Ends the line. The first reason counts. */
  fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#socket.destroy();
    for (const waiting of [...this.#answers.values(), ...this.#listeners.values()]) waiting.reject(error);
    this.#connecting?.reject(error);
    this.#pausing?.reject(error);
  }

  #wait<K>(where: Map<K, Waiting>, key: K, send: () => void): Promise<Incoming> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      where.set(key, { resolve, reject });
      send();
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#failure) return;
    try {
      for (const frames of this.#reader.push(chunk)) this.#deliver(readIncoming(frames));
    } catch (error) {
      this.fail(error instanceof Error ? error : new MalformedError("an answer that cannot be read"));
    }
  }

  #deliver(incoming: Incoming): void {
    if (incoming.event) {
      this.#tell(incoming);
      return;
    }
    const waiting = this.#answers.get(incoming.correlation);
    if (!waiting) throw new MalformedError("an answer that nobody asked for");
    this.#answers.delete(incoming.correlation);
    waiting.resolve(incoming);
  }

  #tell(event: Incoming): void {
    const waiting = this.#listeners.get(event.type);
    this.#listeners.delete(event.type);
    if (waiting) waiting.resolve(event);
    else this.#events.set(event.type, [...(this.#events.get(event.type) ?? []), event]);
  }
}

function wordsFor(error: NodeJS.ErrnoException): string {
  if (error.code === "ECONNREFUSED") return "connection refused";
  if (error.code === "ECONNRESET") return "connection reset";
  return error.code ?? "the connection failed";
}
