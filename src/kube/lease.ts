import type { Clock } from "./clock.ts";
import { apiVersionOf, type KubeObject, resources } from "./objects.ts";

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  spec?: LeaseSpec;
}

/** What a candidate knows of the lease: what it says, and since when, by its own clock, it has said so. */
export interface LeaseRecord {
  saw(lease: Lease): void;
  holder(): string;
  /** Somebody else holds it, and its time since the last change that we saw has not run out. */
  heldByOther(identity: string): boolean;
}

/** Never compares the lease's timestamps with our time: clocks of two machines may differ by days. */
export function createLeaseRecord(clock: Clock): LeaseRecord {
  let spec: LeaseSpec = {};
  let text = "";
  let seenAt = 0;
  return {
    saw(lease) {
      const now = JSON.stringify([lease.metadata.uid, lease.metadata.resourceVersion, lease.spec]);
      if (now === text) return;
      text = now;
      spec = lease.spec ?? {};
      seenAt = clock.monotonic();
    },
    holder: () => spec.holderIdentity ?? "",
    heldByOther(identity) {
      const holder = spec.holderIdentity ?? "";
      if (holder === "" || holder === identity) return false;
      return clock.monotonic() < seenAt + (spec.leaseDurationSeconds ?? 0) * 1_000;
    },
  };
}

/** The lease as we would write it. */
export function leaseChanges(
  { namespace, name, identity }: { readonly namespace: string; readonly name: string; readonly identity: string },
  leaseMillis: number,
  clock: Clock,
) {
  const leaseDurationSeconds = Math.ceil(leaseMillis / 1_000);
  const now = () => new Date(clock.wall()).toISOString().replace("Z", "000Z");
  const own = (acquireTime: string, leaseTransitions: number): LeaseSpec => ({
    holderIdentity: identity,
    leaseDurationSeconds,
    acquireTime,
    renewTime: now(),
    leaseTransitions,
  });
  return {
    first: (): Lease => ({
      apiVersion: apiVersionOf(resources.leases),
      kind: resources.leases.kind,
      metadata: { namespace, name },
      spec: own(now(), 0),
    }),
    taken(lease: Lease): Lease {
      const { spec = {} } = lease;
      const mine = spec.holderIdentity === identity;
      const transitions = (spec.leaseTransitions ?? 0) + (mine ? 0 : 1);
      return { ...lease, spec: own((mine && spec.acquireTime) || now(), transitions) };
    },
    renewed: (lease: Lease): Lease => ({ ...lease, spec: { ...lease.spec, renewTime: now() } }),
    released: (lease: Lease): Lease => ({
      ...lease,
      spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: now() },
    }),
  };
}
