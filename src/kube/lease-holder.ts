import type { CallOptions, KubeClient, ObjectRef } from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import { AlreadyExistsError, ConflictError, NotFoundError } from "./errors.ts";
import { createLeaseRecord, type Lease, leaseChanges } from "./lease.ts";
import { resources } from "./objects.ts";

export interface LeaseHolderOptions {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly clock?: Clock | undefined;
}

/** Takes, renews and gives back one Lease; knows nothing of when to. */
export interface LeaseHolder {
  /** Our last write was accepted, and we have not seen another holder since. */
  readonly holds: boolean;
  /** Monotonic time at which the last accepted write was sent: nobody else counts the lease's time from earlier. */
  readonly renewedAt: number;
  /** Who the lease named when we last saw it; empty for nobody. */
  readonly seenHolder: string;
  /** @returns false when somebody else has the lease, or was faster. @throws when the API server does not say. */
  acquire(call: CallOptions): Promise<boolean>;
  /** As `acquire`, but by one write when nothing has happened in between. */
  renew(call: CallOptions): Promise<boolean>;
  /** @throws as any write. */
  giveBack(call: CallOptions): Promise<void>;
}

const fieldManager = "jet-operator-leader-election";

export function createLeaseHolder(client: KubeClient, options: LeaseHolderOptions, leaseMillis: number): LeaseHolder {
  const clock = options.clock ?? systemClock;
  return new Holder(client, options, clock, leaseChanges(options, leaseMillis, clock));
}

class Holder implements LeaseHolder {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #identity: string;
  readonly #ref: ObjectRef;
  readonly #changes: ReturnType<typeof leaseChanges>;
  readonly #record: ReturnType<typeof createLeaseRecord>;
  /** As the API server returned it: its version is what the next renewal replaces. */
  #held: Lease | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(
    client: KubeClient,
    { namespace, name, identity }: LeaseHolderOptions,
    clock: Clock,
    changes: ReturnType<typeof leaseChanges>,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#identity = identity;
    this.#ref = { resource: resources.leases, namespace, name };
    this.#changes = changes;
    this.#record = createLeaseRecord(clock);
  }

  get holds(): boolean {
    return this.#held !== undefined;
  }

  get renewedAt(): number {
    return this.#renewedAt;
  }

  get seenHolder(): string {
    return this.#record.holder();
  }

  async acquire(call: CallOptions): Promise<boolean> {
    const lease = await this.#read(call);
    if (!lease) return this.#tryWrite(this.#changes.first(), call);
    this.#record.saw(lease);
    if (this.#record.heldByOther(this.#identity)) {
      this.#held = undefined;
      return false;
    }
    return this.#tryWrite(this.#changes.taken(lease), call);
  }

  async renew(call: CallOptions): Promise<boolean> {
    if (this.#held && (await this.#tryWrite(this.#changes.renewed(this.#held), call))) return true;
    // Our own renewal whose answer was lost, or somebody else's: look.
    return this.acquire(call);
  }

  async giveBack(call: CallOptions): Promise<void> {
    const lease = this.#held;
    this.#held = undefined;
    if (lease) await this.#client.replace(this.#ref, this.#changes.released(lease), { fieldManager }, call);
  }

  async #read(call: CallOptions): Promise<Lease | undefined> {
    try {
      return await this.#client.get<Lease>(this.#ref, call);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** @returns false when the lease is not, or no longer, as we saw it. */
  async #tryWrite(lease: Lease, call: CallOptions): Promise<boolean> {
    const sentAt = this.#clock.monotonic();
    try {
      this.#held = await (lease.metadata.resourceVersion === undefined
        ? this.#client.create<Lease>(this.#ref, lease, { fieldManager }, call)
        : this.#client.replace<Lease>(this.#ref, lease, { fieldManager }, call));
    } catch (error) {
      const changed = [ConflictError, AlreadyExistsError, NotFoundError].some((kind) => error instanceof kind);
      if (changed) return false;
      throw error;
    }
    this.#renewedAt = sentAt;
    this.#record.saw(this.#held);
    return true;
  }
}
