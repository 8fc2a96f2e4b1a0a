import { wantedSize } from "../../../src/core/evidence/sizes.ts";
import type { Ledger } from "../../../src/core/ledger.ts";
import { resources } from "../../../src/kube/objects.ts";
import type { Commit, StoredObject } from "../model/api-server.ts";
import { isSafe } from "../model/island.ts";
import { isAlive, isIn, type Member } from "../model/member.ts";
import { ordinalOf, replicasOf } from "../model/stateful-set-controller.ts";
import { clusterName, ledgerIn, type World } from "../world.ts";

/**
 * How old an operator's evidence may be when its write arrives, in milliseconds: answers are kept for a second, and the
 * calls of a pass take their time. What happens inside this window no planner can know.
 */
export const evidenceWindow = 8_000;

/** What is the case in the models, told apart from what members or caches believe, and when it last was. */
export class Truth {
  /** Every pod there, every member answering, one view of exactly them, all safe. Gates of the planner, written again. */
  settledAt = Number.NEGATIVE_INFINITY;
  /** When it was settled and every member could answer the operator. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** Members when it last was. */
  settledSize = 0;
  /** When it was settled and of the size that its spec asks for. */
  asWantedAt = Number.NEGATIVE_INFINITY;
  /** Since when each member is joined. */
  readonly joinedAt = new Map<string, number>();
  /** Members that died or left by no doing of the operator since the cluster was last whole. */
  readonly unplanned = new Set<string>();
  /** Pods that the operator let go, by uid, until they are gone and the rest is safe. */
  readonly letGo = new Set<string>();
  /** When a claim was last deleted. */
  claimGoneAt: number | undefined;
  /** Since when the operation under way is in the ledger. */
  operationSince = 0;
  /** Size and volumes of the cluster when it was last stopped as a whole. */
  atStop: { readonly size: number; readonly claims: readonly (string | undefined)[] } | undefined;
  readonly #world: World;
  #alive = new Set<Member>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether something was so at any moment of the window before the write was sent. */
  recently(at: number): boolean {
    return this.#world.timeline.now - at <= evidenceWindow + this.#world.lateness;
  }

  committed(commit: Commit): void {
    if (commit.resource === resources.persistentVolumeClaims && commit.type === "DELETED") {
      this.claimGoneAt = this.#world.timeline.now;
    }
    if (commit.resource !== resources.statefulSets && commit.resource !== resources.pods) return;
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
        this.letGo.add(pod.metadata.uid ?? "");
      }
    }
  }

  #podCommitted({ author, object }: Commit): void {
    const deleted = author.startsWith("operator-") && object.metadata.deletionTimestamp !== undefined;
    if (deleted && this.memberIn(object.metadata.uid)) this.letGo.add(object.metadata.uid ?? "");
  }

  /** UIDs of the first claims; undefined for one that is not there. */
  #claims(size: number): (string | undefined)[] {
    const { api } = this.#world;
    const name = (ordinal: number) => `data-${clusterName}-${ordinal}`;
    return Array.from({ length: size }, (_, o) => api.get(resources.persistentVolumeClaims, name(o))?.metadata.uid);
  }

  look(): void {
    const { engine, timeline } = this.#world;
    const joined = new Set(engine.joined);
    for (const member of joined) if (!this.joinedAt.has(member.uuid)) this.joinedAt.set(member.uuid, timeline.now);
    for (const member of this.#alive) {
      if (!joined.has(member) && !this.letGo.has(member.podUid)) this.unplanned.add(member.uuid);
    }
    this.#alive = joined;
    if (this.#complete()) this.letGo.clear();
    if (!this.settled()) return;
    this.settledAt = timeline.now;
    const { network } = this.#world;
    if (engine.joined.every((member) => network.reachedByOperator(member.address))) this.heardAt = timeline.now;
    this.settledSize = joined.size;
    const { cluster } = this.#world;
    if (cluster && wantedSize(cluster.spec) === replicasOf(this.#world.statefulSet)) this.asWantedAt = timeline.now;
    this.unplanned.clear();
  }

  /** Every pod has its member, and every side of a split has its backups: what was taken has been made up for. */
  #complete(): boolean {
    const { engine, pods, statefulSet } = this.#world;
    const there = pods.every((p) => p.metadata.deletionTimestamp === undefined && this.memberIn(p.metadata.uid));
    return pods.length === replicasOf(statefulSet) && there && engine.islands.every(isSafe);
  }

  memberIn(podUid: string | undefined): Member | undefined {
    return this.#world.engine.joined.find((member) => member.podUid === podUid);
  }

  settled(): boolean {
    const { engine, pods, statefulSet } = this.#world;
    const replicas = replicasOf(statefulSet);
    if (replicas === 0 || pods.length !== replicas) return false;
    // Before 5.2 nobody can tell a single member that begins from one that has begun.
    if (replicas === 1 && this.#world.cluster?.spec.version?.startsWith("4.") && this.#answering(pods[0])) return true;
    if (engine.islands.length !== 1) return false;
    const island = engine.islands[0];
    if (island?.state !== "ACTIVE" || island.members.length !== replicas) return false;
    if (island.becomingPassive) return false;
    const whole = island.members.map((member) => member.uuid).join(" ");
    return pods.every((pod) => {
      if (pod.metadata.deletionTimestamp !== undefined || ordinalOf(pod) >= replicas) return false;
      const member = this.memberIn(pod.metadata.uid);
      if (member?.phase !== "joined" || !member.believedSafe) return false;
      return member.view.map((seen) => seen.uuid).join(" ") === whole;
    });
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
