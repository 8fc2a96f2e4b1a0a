import type { KubeClient } from "../../../src/kube/client.ts";
import { apiError, TransportError } from "../../../src/kube/errors.ts";
import type { Lease } from "../../../src/kube/lease.ts";
import { fakeClient } from "./fake-client.ts";

/** One Lease with optimistic locking, as the API server has it, and faults on demand. */
export interface LeaseServer {
  readonly client: KubeClient;
  lease: Lease | undefined;
  /** Requests get no answer: refused before, or lost after they were carried out. */
  fault: "none" | "unreachable" | "answers lost" | "hangs";
  writes: number;
}

export function leaseServer(): LeaseServer {
  let version = 0;
  const answer = async <T>(work: () => T): Promise<T> => {
    if (server.fault === "unreachable") throw new TransportError("lease", new Error("refused"));
    if (server.fault === "hangs") await new Promise(() => undefined);
    const result = work();
    if (server.fault === "answers lost") throw new TransportError("lease", new Error("reset"));
    return structuredClone(result);
  };
  const store = (lease: Lease): Lease => {
    version += 1;
    server.writes += 1;
    server.lease = structuredClone({
      ...lease,
      metadata: { ...lease.metadata, uid: "u", resourceVersion: `${version}` },
    });
    return server.lease;
  };
  const server: LeaseServer = {
    lease: undefined,
    fault: "none",
    writes: 0,
    client: fakeClient({
      get: (() =>
        answer(() => {
          if (!server.lease) throw apiError("get", 404, { reason: "NotFound" });
          return server.lease;
        })) as KubeClient["get"],
      create: ((_, body) =>
        answer(() => {
          if (server.lease) throw apiError("create", 409, { reason: "AlreadyExists" });
          return store(body as Lease);
        })) as KubeClient["create"],
      replace: ((_, body) =>
        answer(() => {
          const seen = (body as Lease).metadata.resourceVersion;
          if (server.lease?.metadata.resourceVersion !== seen) throw apiError("put", 409, { reason: "Conflict" });
          return store(body as Lease);
        })) as KubeClient["replace"],
    }),
  };
  return server;
}
