import { randomUUID } from "node:crypto";
import type { Configuration } from "./configuration.ts";
import { Disk, type Shares } from "./disk.ts";
import type { Facts, SeenMember } from "./facts.ts";
import { ask, type Command, Refusal } from "./peers.ts";
import type { Hello } from "./recovery.ts";

export type Phase = "New" | "Recovering" | "Joined" | "Leaving" | "Ended";

/** What a test makes a member do that an engine does only by misfortune. */
export interface Controls {
  /** Says no when the cluster is to become PASSIVE. */
  refusePassive: boolean;
  /** The jobs' last snapshots take for ever: PASSIVE waits for them, as the engine does. */
  holdSnapshots: boolean;
}

const answerMillis = 3_000;

/** This member and what it knows; every part of the program has it in its hands. */
export class Member {
  readonly configuration: Configuration;
  readonly controls: Controls = { refusePassive: false, holdSnapshots: false };
  /** By uuid of the member that was heard, milliseconds since the epoch. */
  readonly heard = new Map<string, number>();
  /** Counts of the jobs that run, by id; the master alone counts. */
  readonly counts = new Map<string, number>();
  readonly boot: string = randomUUID();
  phase: Phase = "New";
  uuid: string = randomUUID();
  facts: Facts | undefined;
  /** This member's own part of the jobs' state, as it lay on its volume. */
  shares: Shares = {};
  /** Backups are being made anew until then. */
  unsafeUntil = 0;
  /** The cluster is on its way to PASSIVE; the master's. */
  enteringPassive: Promise<void> | undefined;
  readonly #disk: Disk | undefined;
  readonly #log: (line: string) => void;
  #changes: Promise<unknown> = Promise.resolve();

  /** @throws Error for a volume that cannot be read. */
  constructor(configuration: Configuration, log: (line: string) => void) {
    this.configuration = configuration;
    this.#log = log;
    if (!configuration.persistence) return;
    this.#disk = new Disk(configuration.persistence.baseDir);
    const saved = this.#disk.read();
    if (!saved) return;
    this.phase = "Recovering";
    this.uuid = saved.uuid;
    this.facts = saved.facts;
    this.shares = saved.shares;
  }

  log(line: string): void {
    this.#log(`${this.address} [${this.configuration.clusterName}] ${line}`);
  }

  get address(): string {
    return `[${this.configuration.host}]:${this.configuration.port}`;
  }

  get self(): SeenMember {
    return { uuid: this.uuid, address: this.address, boot: this.boot };
  }

  hello(): Hello {
    const phase = this.phase === "New" || this.phase === "Recovering" ? this.phase : "Joined";
    return { ...this.self, clusterName: this.configuration.clusterName, phase, facts: this.facts };
  }

  /** Members as this one sees them: before it has joined, itself alone. */
  get view(): readonly SeenMember[] {
    return this.isJoined && this.facts ? this.facts.members : [this.self];
  }

  get isJoined(): boolean {
    return this.phase === "Joined" || this.phase === "Leaving";
  }

  get isMaster(): boolean {
    return this.isJoined && this.facts?.members[0]?.uuid === this.uuid;
  }

  get isSafe(): boolean {
    if (this.phase === "Recovering") return false;
    // Before it has joined the engine says so of a cluster that it thinks it is alone in.
    if (!this.isJoined || !this.facts) return true;
    return this.facts.missing.length === 0 && Date.now() > this.unsafeUntil;
  }

  /** Takes the facts over and keeps them. */
  take(facts: Facts): void {
    const before = this.facts;
    this.facts = facts;
    if (before && before.listVersion !== facts.listVersion) this.unsafeUntil = Date.now() + 500;
    if (before?.state !== facts.state) this.log(`cluster state ${facts.state}`);
    if (before?.version === facts.version) return;
    this.#disk?.write(this.uuid, facts);
  }

  /** Begins anew with an empty volume and another uuid. */
  beginAnew(): void {
    this.#disk?.wipe();
    this.uuid = randomUUID();
    this.facts = undefined;
    this.shares = {};
    this.phase = "New";
  }

  /** One change after the other: `work` may make several and ask others in between. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#changes.then(work, work);
    this.#changes = next.catch(() => undefined);
    return next;
  }

  /** The master's way to change the facts: its own first, then all others', those that do not answer left to the heartbeat. */
  async change(next: (facts: Facts) => Facts): Promise<void> {
    if (!this.facts) throw new Refusal("com.hazelcast.core.HazelcastInstanceNotActiveException", "not joined");
    const before = this.facts;
    const changed = next(before);
    if (changed === before) return;
    this.take({ ...changed, version: before.version + 1 });
    await this.tell(this.facts);
  }

  async tell(facts: Facts): Promise<void> {
    const others = facts.members.filter(({ uuid }) => uuid !== this.uuid);
    const question = { kind: "facts", from: this.uuid, facts } as const;
    await Promise.allSettled(others.map(({ address }) => ask(address, question, answerMillis)));
  }

  /** Passes a command on to the master; one that waits for snapshots may take as long as it likes. */
  async command<T>(command: Command, here: (command: Command) => Promise<unknown>): Promise<T> {
    const master = this.view[0];
    if (!this.isJoined || !master) {
      throw new Refusal(
        "com.hazelcast.core.HazelcastInstanceNotActiveException",
        "Hazelcast instance is not ready yet!",
      );
    }
    return (await (this.isMaster ? here(command) : ask(master.address, { kind: "command", command }, undefined))) as T;
  }
}
