import type { Readable } from "node:stream";
import type { WatchEvent, WatchOptions, WatchQuery } from "./client.ts";
import { createDeadline } from "./deadline.ts";
import { TransportError } from "./errors.ts";
import { type Resource, resourcePath } from "./objects.ts";
import { queryOf } from "./query.ts";
import { openStream, type TransportParts } from "./transport.ts";
import { lines } from "./watch-lines.ts";

/** Above the largest object that etcd takes (1.5 MB by default) in its longest JSON form. */
const lineLimitBytes = 16 * 1024 * 1024;

/**
 * Events of one watch until the server ends it.
 * @throws the errors of `errors.ts`, a TransportError for a malformed or too long line; the reason of the signal.
 */
export async function* watchEvents<T>(
  parts: TransportParts,
  resource: Resource,
  { namespace, ...query }: WatchQuery,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const path = resourcePath(resource, namespace) + queryOf({ watch: true, allowWatchBookmarks: true, ...query });
  const request = { method: "GET" as const, path, resource: resource.plural };
  const signal = options.signal ?? new AbortController().signal;
  const opening = createDeadline(parts.clock, parts.timeoutMillis, `GET ${path}`, signal);
  let body: Readable;
  try {
    body = await openStream(parts, request, { signal: opening.signal, silenceMillis: options.silenceMillis });
  } finally {
    opening.clear();
  }
  const abort = () => body.destroy(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    for await (const line of lines(body, lineLimitBytes)) yield JSON.parse(line) as WatchEvent<T>;
  } catch (error) {
    throw signal.aborted ? signal.reason : new TransportError(`GET ${path}`, error);
  } finally {
    signal.removeEventListener("abort", abort);
    body.destroy();
  }
}
