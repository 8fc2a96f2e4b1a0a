import { connect } from "node:net";
import type { MemberAddress } from "../addresses.ts";
import { NoAnswerError } from "./errors.ts";
import { MessageReader } from "./frames.ts";
import { Line } from "./line.ts";
import type { Incoming, Message } from "./message.ts";
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
  const socket = connect({ host: address.host, port: address.port, noDelay: true });
  const line = new Line(socket, new MessageReader(limits.receivedBytes));
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
