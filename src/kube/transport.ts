import type { Readable } from "node:stream";
import { type Dispatcher, request as send } from "undici";
import type { CallOptions, RequestObserver } from "./client.ts";
import { type Clock, sleep } from "./clock.ts";
import type { Connection } from "./connection.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import { ApiError, apiError, NotLeaderError, type Status, TransportError } from "./errors.ts";
import type { Semaphore } from "./semaphore.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  /** Label of metrics. */
  readonly resource: string;
  readonly contentType?: string;
  readonly body?: string;
}

export interface TransportParts {
  readonly connection: Connection;
  readonly places: Semaphore;
  readonly userAgent: string;
  readonly timeoutMillis: number;
  readonly observer: RequestObserver | undefined;
  readonly clock: Clock;
}

/** As client-go: ten tries in all. */
const triesAtMost = 10;
/** Pause before a read is tried again that got no answer; doubles. */
const rereadMillis = 100;
const rereadsAtMost = 3;
/** A list of this size would not fit in our memory anyway. */
const bodyLimitBytes = 256 * 1024 * 1024;
const errorBodyLimitBytes = 64 * 1024;

/**
 * Sends a request and parses the answer. Tries again what the server asked to try later (429 or 5xx with Retry-After:
 * it has not been carried out), and reads that got no answer. A write without an answer is never sent again: it may
 * have been carried out.
 * @throws the errors of `errors.ts`; the reason of `call.signal`.
 */
export async function sendJson<T>(parts: TransportParts, request: HttpRequest, call: CallOptions): Promise<T> {
  const what = `${request.method} ${request.path}`;
  const deadline = createDeadline(parts.clock, call.timeoutMillis ?? parts.timeoutMillis, what, call.signal);
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt<T>(parts, request, deadline, call.mayWrite);
      } catch (error) {
        const pause = pauseBeforeRetry(request, error, tries);
        if (pause === undefined || pause >= deadline.remaining()) throw error;
        await sleep(parts.clock, pause, deadline.signal);
      }
    }
  } finally {
    deadline.clear();
  }
}

function pauseBeforeRetry(request: HttpRequest, error: unknown, tries: number): number | undefined {
  if (error instanceof ApiError) {
    const asked = error.retryable ? error.retryAfterMillis : undefined;
    return tries < triesAtMost ? asked : undefined;
  }
  const again = request.method === "GET" && error instanceof TransportError && tries <= rereadsAtMost;
  return again ? rereadMillis * 2 ** (tries - 1) : undefined;
}

async function attempt<T>(
  parts: TransportParts,
  request: HttpRequest,
  { signal }: Deadline,
  mayWrite: CallOptions["mayWrite"],
): Promise<T> {
  const release = await parts.places.acquire(signal);
  try {
    return await observed(parts, request, signal, async () => {
      const answer = await open(parts, request, { signal, mayWrite, silenceMillis: 0 });
      const text = await readText(answer.body, bodyLimitBytes);
      return { code: answer.statusCode, value: (text === "" ? undefined : JSON.parse(text)) as T };
    });
  } finally {
    release();
  }
}

interface OpenOptions {
  readonly signal: AbortSignal;
  readonly mayWrite?: (() => boolean) | undefined;
  /** Without a byte for this long the body fails; 0: only the signal ends it. */
  readonly silenceMillis: number;
}

/** Opens a watch. @returns its body, as bytes come. */
export async function openStream(parts: TransportParts, request: HttpRequest, options: OpenOptions): Promise<Readable> {
  return observed(parts, request, options.signal, async () => {
    const answer = await open(parts, request, options);
    return { code: answer.statusCode, value: answer.body };
  });
}

async function open(
  parts: TransportParts,
  request: HttpRequest,
  options: OpenOptions,
): Promise<Dispatcher.ResponseData> {
  const what = `${request.method} ${request.path}`;
  const route = await parts.connection.route();
  // The last look before the bytes leave: waiting for a place or for a retry may have outlived the lease.
  if (options.mayWrite && !options.mayWrite()) throw new NotLeaderError(what);
  const answer = await send(`${route.origin}${route.prefix}${request.path}`, {
    method: request.method,
    dispatcher: route.dispatcher,
    signal: options.signal,
    headersTimeout: 0,
    bodyTimeout: options.silenceMillis,
    headers: {
      ...route.headers,
      accept: "application/json",
      "user-agent": parts.userAgent,
      ...(request.contentType !== undefined && { "content-type": request.contentType }),
    },
    ...(request.body !== undefined && { body: request.body }),
  });
  if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
  const text = await readText(answer.body, errorBodyLimitBytes);
  throw apiError(what, answer.statusCode, statusOf(text), { retryAfterMillis: retryAfterOf(answer.headers) });
}

/** Reports the request's end, and turns what undici, TLS and JSON throw into a TransportError. */
async function observed<T>(
  parts: TransportParts,
  request: HttpRequest,
  signal: AbortSignal,
  work: () => Promise<{ code: number; value: T }>,
): Promise<T> {
  const began = parts.clock.monotonic();
  const finished = (code: string) =>
    parts.observer?.requestFinished({
      method: request.method,
      resource: request.resource,
      code,
      durationMillis: parts.clock.monotonic() - began,
    });
  try {
    const { code, value } = await work();
    finished(String(code));
    return value;
  } catch (error) {
    if (error instanceof NotLeaderError) throw error;
    finished(error instanceof ApiError ? String(error.status) : "<error>");
    if (error instanceof ApiError) throw error;
    throw signal.aborted ? signal.reason : new TransportError(`${request.method} ${request.path}`, error);
  }
}

async function readText(body: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new Error(`the answer is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function statusOf(text: string): Status {
  try {
    const parsed = JSON.parse(text) as Status | null;
    if (parsed !== null && typeof parsed === "object" && parsed.kind === "Status") return parsed;
  } catch {
    // A proxy's page or a plain sentence of the server.
  }
  return { message: text.trim() };
}

function retryAfterOf(headers: Dispatcher.ResponseData["headers"]): number | undefined {
  const value = headers["retry-after"];
  const seconds = typeof value === "string" ? Number(value) : Number.NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
