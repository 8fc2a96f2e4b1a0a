import type { KubeClient } from "./client.ts";
import { NotLeaderError } from "./errors.ts";
import type { Resource } from "./objects.ts";

/** The same client, whose writes are sent only while `mayWrite` says yes. @throws NotLeaderError instead. */
export function guardWrites(client: KubeClient, mayWrite: () => boolean): KubeClient {
  const guard = (verb: string, resource: Resource, name: string) => {
    if (!mayWrite()) throw new NotLeaderError(`${verb} ${resource.plural} ${name}`);
  };
  return {
    get: (ref, call) => client.get(ref, call),
    list: (resource, query, call) => client.list(resource, query, call),
    stream: (resource, query, options) => client.stream(resource, query, options),
    async create(ref, body, write, call) {
      guard("create", ref.resource, ref.name);
      return client.create(ref, body, write, call);
    },
    async replace(ref, body, write, call) {
      guard("replace", ref.resource, ref.name);
      return client.replace(ref, body, write, call);
    },
    async apply(ref, body, write, call) {
      guard("apply", ref.resource, ref.name);
      return client.apply(ref, body, write, call);
    },
    async jsonPatch(ref, operations, write, call) {
      guard("patch", ref.resource, ref.name);
      return client.jsonPatch(ref, operations, write, call);
    },
    async delete(ref, options, call) {
      guard("delete", ref.resource, ref.name);
      return client.delete(ref, options, call);
    },
  };
}
