import type { CallOptions, KubeClient } from "./client.ts";

/**
 * The same client, whose writes are sent only while `mayWrite` says yes: asked again right before the bytes leave, at
 * every try. @throws NotLeaderError instead of sending.
 */
export function guardWrites(client: KubeClient, mayWrite: () => boolean): KubeClient {
  const guarded = (call: CallOptions = {}): CallOptions => ({ ...call, mayWrite });
  return {
    get: (ref, call) => client.get(ref, call),
    list: (resource, query, call) => client.list(resource, query, call),
    stream: (resource, query, options) => client.stream(resource, query, options),
    create: (ref, body, write, call) => client.create(ref, body, write, guarded(call)),
    replace: (ref, body, write, call) => client.replace(ref, body, write, guarded(call)),
    apply: (ref, body, write, call) => client.apply(ref, body, write, guarded(call)),
    jsonPatch: (ref, operations, write, call) => client.jsonPatch(ref, operations, write, guarded(call)),
    delete: (ref, options, call) => client.delete(ref, options, guarded(call)),
  };
}
