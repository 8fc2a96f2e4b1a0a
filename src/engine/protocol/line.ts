import type { Socket } from "node:net";
import { MalformedError, NoAnswerError } from "./errors.ts";
import type { MessageReader } from "./frames.ts";
import { encodeMessage, type Incoming, type Message, readAnswer, readIncoming } from "./message.ts";

interface Waiting {
  resolve(incoming: Incoming): void;
  reject(error: Error): void;
}

/** The socket, with the answers that are awaited on it. Fails once, for everybody who waits and everybody who asks later. */
export class Line {
  readonly #socket: Socket;
  readonly #reader: MessageReader;
  readonly #answers = new Map<bigint, Waiting>();
  readonly #events = new Map<number, Incoming[]>();
  readonly #listeners = new Map<number, Waiting>();
  #connecting: { resolve(): void; reject(error: Error): void } | undefined;
  #pausing: { resolve(): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;
  #correlation = 0n;

  constructor(socket: Socket, reader: MessageReader) {
    this.#socket = socket;
    this.#reader = reader;
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
      this.#write(encodeMessage(message, correlation)),
    );
    return readAnswer(message, incoming);
  }

  /** Answers that are still awaited. */
  get awaited(): number {
    return this.#answers.size;
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

  #write(parts: readonly Buffer[]): void {
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
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
