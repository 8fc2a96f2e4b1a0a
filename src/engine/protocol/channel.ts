import { connect } from "node:net";
import type { MemberAddress } from "../addresses.ts";
import { located, NoAnswerError } from "./errors.ts";
import { MessageReader } from "./frames.ts";
import { Line } from "./line.ts";
import type { Message } from "./message.ts";
import { type Authenticated, authenticate, ping } from "./messages.ts";

/** Bounds of a channel. It has no bound in time: it lives as long as bytes flow. */
export interface ChannelLimits {
  readonly connectMillis: number;
  /** A member that owes an answer and sends and takes no byte for so long is given up. */
  readonly idleMillis: number;
  /** All that a member may have sent of answers that are not complete yet: no entry and no batch may be larger. */
  readonly answerBytes: number;
}

/** A connection to one member that is kept for many questions, with as many on their way as the caller likes. */
export interface Channel {
  readonly address: MemberAddress;
  readonly peer: Authenticated;
  /** @throws EngineError, MalformedError, NoAnswerError; each names the member */
  ask<T>(message: Message<T>): Promise<T>;
  close(): void;
}

export interface ChannelRequest {
  readonly address: MemberAddress;
  readonly clusterName: string;
  readonly limits: ChannelLimits;
  /** Ends the channel, and with it every question on its way. */
  readonly signal: AbortSignal;
}

/**
 * Opens a channel. While nobody asks anything it pings, because the engine closes a client's connection that says nothing
 * for five minutes. @throws NoAnswerError, MalformedError, EngineError; each names the member
 */
export async function openChannel({ address, clusterName, limits, signal }: ChannelRequest): Promise<Channel> {
  const where = `member ${address.host}:${address.port}`;
  const named = <T>(question: Promise<T>) => question.catch((error: unknown) => Promise.reject(located(where, error)));
  if (signal.aborted) throw located(where, new NoAnswerError("given up by the asker"));
  const socket = connect({ host: address.host, port: address.port, noDelay: true });
  const line = new Line(socket, new MessageReader(limits.answerBytes, "Message"));
  const abandon = () => line.fail(new NoAnswerError("given up by the asker"));
  const connectTimer = setTimeout(
    () => line.fail(new NoAnswerError(`no connection within ${limits.connectMillis} ms`)),
    limits.connectMillis,
  );
  const pings = setInterval(() => line.awaited === 0 && line.ask(ping).catch(() => {}), limits.idleMillis / 2).unref();
  const close = () => {
    clearTimeout(connectTimer);
    clearInterval(pings);
    signal.removeEventListener("abort", abandon);
    line.fail(new NoAnswerError("the connection was closed by this side"));
  };
  signal.addEventListener("abort", abandon, { once: true });
  socket.once("close", close);
  socket.setTimeout(limits.idleMillis, () => {
    if (line.awaited > 0) line.fail(new NoAnswerError(`not a byte for ${limits.idleMillis} ms`));
  });
  try {
    await named(line.connected());
    clearTimeout(connectTimer);
    const peer = await named(line.ask(authenticate(clusterName)));
    return { address, peer, ask: (message) => named(line.ask(message)), close };
  } catch (error) {
    close();
    throw error;
  }
}
