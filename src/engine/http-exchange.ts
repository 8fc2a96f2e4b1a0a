import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import type { MemberAddress } from "./addresses.ts";
import { type Answer, known, unknown } from "./answer.ts";

/** Bounds of one exchange; nothing of it is left when they are reached. */
export interface HttpLimits {
  readonly connectMillis: number;
  /** From the first packet to the last byte of the body. */
  readonly totalMillis: number;
  readonly bodyBytes: number;
  readonly headerBytes: number;
}

export interface HttpQuestion {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** The engine sends none; more than a few are an attempt to keep us reading. */
const informationalLimit = 5;

/**
 * One question on a connection of its own, closed by us whatever comes. Keep-alive would cost a socket a member for as
 * long as the operator lives (thousands of clusters), and save a few milliseconds once in some seconds. No agent, so no
 * proxy setting of the environment applies; redirects are never followed.
 */
export function exchange(
  address: MemberAddress,
  question: HttpQuestion,
  limits: HttpLimits,
  signal: AbortSignal,
): Promise<Answer<HttpReply>> {
  if (signal.aborted) return Promise.resolve(givenUp);
  return new Promise((resolve) => {
    const socket = connect({ host: address.host, port: address.port, noDelay: true });
    const sent = send(socket, address, question, limits);
    let settled = false;
    const settle = (answer: Answer<HttpReply>) => {
      if (settled) return;
      settled = true;
      clearTimeout(connectTimer);
      clearTimeout(totalTimer);
      signal.removeEventListener("abort", abandon);
      // Errors that come after this have nobody left to tell; without a listener they would end the process.
      for (const emitter of [socket, sent]) emitter.on("error", () => {});
      sent.destroy();
      socket.destroy();
      resolve(answer);
    };
    const abandon = () => settle(givenUp);
    const connectTimer = setTimeout(
      () => settle(unknown("NoAnswer", `no connection within ${limits.connectMillis} ms`)),
      limits.connectMillis,
    );
    const totalTimer = setTimeout(
      () => settle(unknown("NoAnswer", `no complete answer within ${limits.totalMillis} ms`)),
      limits.totalMillis,
    );
    signal.addEventListener("abort", abandon, { once: true });
    socket.once("connect", () => clearTimeout(connectTimer));
    sent.on("error", (error) => settle(reasonOf(error)));
    listen(sent, limits, settle);
  });
}

const givenUp = unknown("NoAnswer", "given up by the asker");

function send(socket: Socket, address: MemberAddress, question: HttpQuestion, limits: HttpLimits): ClientRequest {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const sent = request({
    createConnection: () => socket,
    method: question.method,
    path: question.path,
    maxHeaderSize: limits.headerBytes,
    headers: {
      host: `${host}:${address.port}`,
      accept: "application/json",
      "accept-encoding": "identity",
      connection: "close",
      ...(question.body === undefined
        ? {}
        : {
            "content-type": "application/x-www-form-urlencoded",
            "content-length": String(Buffer.byteLength(question.body)),
          }),
    },
  });
  sent.end(question.body);
  return sent;
}

function listen(sent: ClientRequest, limits: HttpLimits, settle: (answer: Answer<HttpReply>) => void): void {
  let informational = 0;
  sent.on("information", () => {
    informational += 1;
    if (informational > informationalLimit) settle(unknown("Malformed", "informational answers without end"));
  });
  sent.on("upgrade", (_, socket) => {
    socket.destroy();
    settle(unknown("Malformed", "a switch of protocols nobody asked for"));
  });
  sent.on("response", (response) => {
    const garbage = headerFault(response, limits);
    if (garbage) return settle(unknown("Malformed", garbage));
    readBody(response, limits, settle);
  });
}

function headerFault(response: IncomingMessage, limits: HttpLimits): string | undefined {
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") return "an encoded body";
  const announced = Number(response.headers["content-length"] ?? 0);
  return announced > limits.bodyBytes ? `a body above ${limits.bodyBytes} bytes` : undefined;
}

function readBody(response: IncomingMessage, limits: HttpLimits, settle: (answer: Answer<HttpReply>) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > limits.bodyBytes) return settle(unknown("Malformed", `a body above ${limits.bodyBytes} bytes`));
    chunks.push(chunk);
  });
  response.on("error", () => settle(unknown("Malformed", "a body that breaks off")));
  response.on("end", () =>
    settle(
      response.complete
        ? known({
            status: response.statusCode ?? 0,
            contentType: response.headers["content-type"] ?? "",
            body: Buffer.concat(chunks),
          })
        : unknown("Malformed", "a body that breaks off"),
    ),
  );
}

/** Node's words for what went wrong on the wire, in ours. The engine's way of saying "switched off" is a bare close. */
function reasonOf(error: NodeJS.ErrnoException): Answer<never> {
  const code = error.code ?? "";
  if (code === "HPE_HEADER_OVERFLOW") return unknown("Malformed", "headers too large");
  if (code.startsWith("HPE_")) return unknown("Malformed", "not HTTP");
  if (code === "ECONNREFUSED") return unknown("NoAnswer", "connection refused");
  if (code === "ECONNRESET" && error.syscall === undefined) {
    return unknown("NotEnabled", "closed without an answer: REST or this part of it is off, or the member is leaving");
  }
  if (code === "ECONNRESET") return unknown("NoAnswer", "connection reset");
  return unknown("NoAnswer", /^[A-Z0-9_]{1,40}$/.test(code) ? code : "the connection failed");
}
