import type { Ledger } from "../../../src/core/ledger.ts";
import { resources } from "../../../src/kube/objects.ts";
import type { Commit, StoredObject } from "../model/api-server.ts";
import { isArchivePod } from "../model/archive-pods.ts";
import { isBecomingPassive } from "../model/island.ts";
import type { Job } from "../model/jobs.ts";
import { isAlive, isIn, type Member } from "../model/member.ts";
import { ordinalOf, replicasOf } from "../model/stateful-set-controller.ts";
import { clusterName, ledgerIn, type World } from "../world.ts";

/**
 * How old an operator's evidence may be when its write arrives, in milliseconds: answers are kept for a second, and the
 * calls of a pass take their time. What happens inside this window no planner can know.
 */
export const evidenceWindow = 8_000;

/** As `evidenceWindow`, for what is asked right before a write is sent: the longest that an answer takes, in milliseconds. */
const directLook = 45;

/** A pod without room for this long may be taken for one that is no member, in milliseconds. */
const longMillis = 115_000;

const never = Number.NEGATIVE_INFINITY;

/** What is the case in the models, told apart from what members or caches believe, and when it last was. */
export class Truth {
  /** When there were exactly so many pods, as many as the StatefulSet asks for, none of them on its way out. */
  readonly #podsAt = new Map<number, number>();
  /** When exactly so many members held one view of themselves, all safe. */
  readonly #viewAt = new Map<number, number>();
  /** When all there were was PASSIVE. */
  #passiveAt = never;
  /** When every member could answer the operator. */
  #heardAt = Number.NEGATIVE_INFINITY;
  /** When who is together with whom last changed. */
  membersChangedAt = 0;
  #together = "";
  /** Members when pods and view were last right together. */
  settledSize = 0;
  /** Since when each member is joined. */
  readonly joinedAt = new Map<string, number>();
  /** Members that died or left by no doing of the operator since the cluster was last whole. */
  readonly unplanned = new Set<string>();
  /** Pods with a member that the operator let go, by uid, and when. */
  readonly #letGo = new Map<string, number>();
  /** When a claim was last deleted. */
  claimGoneAt: number | undefined;
  /** Since when the operation under way is in the ledger. */
  operationSince = 0;
  /** Size and volumes of the cluster when it was last stopped as a whole. */
  atStop: { readonly size: number; readonly claims: readonly (string | undefined)[] } | undefined;
  /** Since when each job runs in the cluster as it is: by these members, of this one island. */
  readonly #workingSince = new Map<Job, { readonly members: string; readonly at: number }>();
  readonly #world: World;
  #alive = new Set<Member>();
  #seen: { pods: number | undefined; view: number | undefined; heard: boolean; passive: boolean } = {
    pods: undefined,
    view: undefined,
    heard: false,
    passive: false,
  };

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether something was so at any moment of the window before the write was sent. */
  recently(at: number): boolean {
    return this.#world.timeline.now - at <= evidenceWindow + this.#world.lateness;
  }

  /**
   * Whether the cluster was whole and safe with so many members inside the window. Pods and members may have been so at
   * different moments of it: no operator can look at all at once.
   * @param lag milliseconds that the window is longer, for what caches tell.
   */
  wasWhole(size: number, lag = 0): boolean {
    const at = Math.min(this.#podsAt.get(size) ?? never, this.#viewAt.get(size) ?? never);
    return this.recently(at + lag);
  }

  /** As `wasWhole`, and every member could be heard. Pods that have long had no room are no members. */
  wasHeardWhole(size: number): boolean {
    const at = Math.min(this.#podsAt.get(size) ?? never, this.#viewAt.get(size - this.#withoutRoom()) ?? never);
    return this.recently(this.#heardAt) && this.recently(at);
  }

  /** Whether all was PASSIVE when every member could be asked directly before a write, or at any time since. */
  wasPassive(sentAt: number): boolean {
    return this.#passiveAt >= sentAt - directLook;
  }

  #withoutRoom(): number {
    const { now } = this.#world.timeline;
    const long = (pod: StoredObject) => now - Date.parse(pod.metadata.creationTimestamp ?? "") > longMillis;
    return this.#world.pods.filter((pod) => pod.status?.podIP === undefined && long(pod)).length;
  }

  /** Pods that an operator took from a cluster of `size` and that it has not been whole without since. */
  notMadeUpFor(size: number): string[] {
    const at = Math.min(this.#podsAt.get(size) ?? never, this.#viewAt.get(size - this.#withoutRoom()) ?? never);
    return [...this.#letGo].filter(([, takenAt]) => takenAt >= at).map(([uid]) => uid);
  }

  committed(commit: Commit): void {
    if (commit.resource === resources.persistentVolumeClaims && commit.type === "DELETED") {
      this.claimGoneAt = this.#world.timeline.now;
    }
    if (commit.resource !== resources.statefulSets && commit.resource !== resources.pods) return;
    if (isArchivePod(commit.object)) return;
    const { timeline } = this.#world;
    if (commit.author === "person" || commit.author === "garbage-collector") this.#world.disturbedAt = timeline.now;
    if (commit.resource !== resources.statefulSets) {
      this.#podCommitted(commit);
      return;
    }
    const [before, after] = [replicasOf(commit.before), replicasOf(commit.object)];
    const [was, is] = [ledgerIn(commit.before)?.operation?.kind, ledgerIn(commit.object)?.operation?.kind];
    if (is !== undefined && is !== was) this.operationSince = timeline.now;
    if (commit.author === "person" && after > before) this.#world.scaledByHand = after;
    if (!commit.author.startsWith("operator-") || after >= before || !commit.before) return;
    if (after === 0 && isWhole(ledgerIn(commit.before))) this.atStop = { size: before, claims: this.#claims(before) };
    for (const pod of this.#world.pods) {
      if (ordinalOf(pod) >= after && ordinalOf(pod) < before && this.memberIn(pod.metadata.uid)) {
        this.#letGo.set(pod.metadata.uid ?? "", timeline.now);
      }
    }
  }

  #podCommitted({ author, object }: Commit): void {
    const deleted = author.startsWith("operator-") && object.metadata.deletionTimestamp !== undefined;
    if (!deleted || !this.memberIn(object.metadata.uid)) return;
    this.#letGo.set(object.metadata.uid ?? "", this.#world.timeline.now);
  }

  /** UIDs of the first claims; undefined for one that is not there. */
  #claims(size: number): (string | undefined)[] {
    const { api } = this.#world;
    const name = (ordinal: number) => `data-${clusterName}-${ordinal}`;
    return Array.from({ length: size }, (_, o) => api.get(resources.persistentVolumeClaims, name(o))?.metadata.uid);
  }

  /** Nothing changes between two events: what was so after the last is so until the next. */
  lasted(): void {
    const { now } = this.#world.timeline;
    if (this.#seen.pods !== undefined) this.#podsAt.set(this.#seen.pods, now);
    if (this.#seen.view !== undefined) this.#viewAt.set(this.#seen.view, now);
    if (this.#seen.heard) this.#heardAt = now;
    if (this.#seen.passive) this.#passiveAt = now;
  }

  look(): void {
    const { engine, timeline, network, pods, statefulSet } = this.#world;
    const joined = new Set(engine.joined);
    for (const member of joined) if (!this.joinedAt.has(member.uuid)) this.joinedAt.set(member.uuid, timeline.now);
    for (const member of this.#alive) {
      if (!joined.has(member) && !this.#letGo.has(member.podUid)) this.unplanned.add(member.uuid);
    }
    this.#alive = joined;
    this.#lookAtJobs();
    const together = engine.islands.map((island) => island.members.map((m) => m.uuid).join(" ")).join(" | ");
    if (together !== this.#together) this.membersChangedAt = timeline.now;
    this.#together = together;
    const replicas = replicasOf(statefulSet);
    this.#seen = {
      pods: this.#podsRight(pods, replicas) ? replicas : undefined,
      view: this.#viewSize(),
      passive: engine.islands.every((island) => island.state === "PASSIVE"),
      heard: engine.joined.every((member) => network.reachedByOperator(member.address)),
    };
    this.lasted();
    if (!this.settled()) return;
    this.settledSize = replicas;
    this.unplanned.clear();
  }

  #lookAtJobs(): void {
    const { engine, timeline } = this.#world;
    const [island] = engine.islands;
    const running = engine.islands.length === 1 ? island?.jobs.all().filter((job) => job.status === "RUNNING") : [];
    for (const job of this.#workingSince.keys()) if (!running?.includes(job)) this.#workingSince.delete(job);
    const members = island?.members.map((member) => member.uuid).join(" ") ?? "";
    for (const job of running ?? []) {
      if (this.#workingSince.get(job)?.members !== members) this.#workingSince.set(job, { members, at: timeline.now });
    }
  }

  /** Jobs that have run as they do for longer than an operator may be behind. */
  atWork(): Job[] {
    return [...this.#workingSince].flatMap(([job, { at }]) => (this.recently(at) ? [] : [job]));
  }

  memberIn(podUid: string | undefined): Member | undefined {
    return this.#world.engine.joined.find((member) => member.podUid === podUid);
  }

  /** Every pod there, every member joined, one view of exactly them, all safe. Gates of the planner, written again. */
  settled(): boolean {
    const { pods, statefulSet } = this.#world;
    const replicas = replicasOf(statefulSet);
    if (replicas === 0 || !this.#podsRight(pods, replicas) || this.#viewSize() !== replicas) return false;
    return pods.every((pod) => this.memberIn(pod.metadata.uid) || this.#answering(pod));
  }

  #podsRight(pods: readonly StoredObject[], replicas: number): boolean {
    const leaves = pods.some((pod) => pod.metadata.deletionTimestamp !== undefined || ordinalOf(pod) >= replicas);
    return pods.length === replicas && !leaves;
  }

  /** Members of the one island there is, if all of them see it as it is and call themselves safe. */
  #viewSize(): number | undefined {
    const { engine, cluster, pods } = this.#world;
    // Before 5.2 nobody can tell a single member that begins from one that has begun.
    if (pods.length === 1 && cluster?.spec.version?.startsWith("4.") && this.#answering(pods[0])) return 1;
    const [island, ...others] = engine.islands;
    if (island?.state !== "ACTIVE" || others.length > 0 || isBecomingPassive(island)) return undefined;
    const whole = island.members.map((member) => member.uuid).join(" ");
    const agree = island.members.every(
      (m) => m.phase === "joined" && m.believedSafe && m.view.map((seen) => seen.uuid).join(" ") === whole,
    );
    return agree ? island.members.length : undefined;
  }

  #answering(pod: StoredObject | undefined): boolean {
    const member = this.#world.engine.members.find((m) => m.podUid === pod?.metadata.uid && isAlive(m));
    return pod?.metadata.deletionTimestamp === undefined && (member?.phase === "looking" || member?.phase === "joined");
  }

  /** Data members of all islands, those included that nobody counts on. */
  live(): Member[] {
    return this.#world.engine.members.filter(isIn);
  }
}

/** Neither stopped nor on its way there or back: what runs is the whole cluster. */
function isWhole(ledger: Ledger | undefined): boolean {
  return !ledger?.stopped && ledger?.operation?.step !== "Halting" && ledger?.operation?.kind !== "Start";
}
