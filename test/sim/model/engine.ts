import { Disks, type Saved } from "./disks.ts";
import { type Island, isBecomingPassive, isSafe, masterOf, stayingIn } from "./island.ts";
import { startDue } from "./job-coordinator.ts";
import { type Job, Jobs, recordPartitionOf } from "./jobs.ts";
import { Maps } from "./maps.ts";
import { isAlive, isIn, type Member, seenAs } from "./member.ts";
import type { Network } from "./network.ts";
import { PartitionTable } from "./partitions.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export interface EngineOptions {
  readonly backups: number;
  /** Chance that a member that finds nobody at once makes a cluster of its own although others start beside it. */
  startupSplit: number;
}

/** A partition whose last copy went, and what took it. */
export interface Loss {
  readonly at: number;
  /** Clusters that there were then: more than one, and another may still have the data. */
  readonly islands: number;
  readonly partitions: readonly number[];
  readonly cause: "crash" | "leave" | "split";
}

export interface ContainerStart {
  readonly pod: string;
  readonly podUid: string;
  readonly ordinal: number;
  readonly address: string;
  readonly claimUid: string | undefined;
  readonly onExit: Member["onExit"];
}

/**
 * What real members do, as experiments.md has it: they answer before they join, see others with a delay, hand partitions
 * over when told to leave, take theirs with them when they die, form one cluster a side of a split and, when they meet
 * again, discard the smaller.
 */
export class Engine {
  readonly members: Member[] = [];
  readonly losses: Loss[] = [];
  islands: Island[] = [];
  readonly disks = new Disks();
  /** A cluster began from nothing although another had been there before: whatever that one held is gone. */
  startedAnew = false;
  readonly options: EngineOptions;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly network: Network;
  /** Told when a pod's readiness may have changed. */
  onChange: (member: Member) => void = () => {};
  /** Told of each job that begins to run, with the snapshot that it goes on from. */
  onJobStart: (job: Job, island: Island) => void = () => {};
  #counter = 0;
  #mergeCheck = false;
  #founded = false;

  constructor(timeline: Timeline, random: Random, network: Network, options: EngineOptions) {
    this.timeline = timeline;
    this.random = random;
    this.network = network;
    this.options = options;
  }

  get joined(): Member[] {
    return this.members.filter(isIn);
  }

  start(container: ContainerStart): Member {
    const member: Member = {
      ...container,
      uuid: `m${++this.#counter}`,
      startedAt: this.timeline.now,
      phase: "booting",
      island: undefined,
      view: [],
      believedSafe: true,
    };
    this.members.push(member);
    this.#look(member, this.random.between(800, 4_000));
    return member;
  }

  /** SIGTERM with the policy GRACEFUL. */
  terminate(member: Member): void {
    if (!isAlive(member) || member.phase === "leaving") return;
    const { island } = member;
    if (member.phase !== "joined" || !island) {
      this.#exit(member, "graceful");
      return;
    }
    member.phase = "leaving";
    island.jobs.interrupted("left", island.members.length);
    // Without others, or with the state set so, nothing can be handed over: it is let go at once (engine.md §4).
    if (stayingIn(island).length === 0 || island.state !== "ACTIVE") {
      this.timeline.after(this.random.between(200, 1_500), () => this.#left(member));
    } else this.move(island);
    this.onChange(member);
  }

  /** The process is gone with all it held. The others notice a little later. */
  crash(member: Member): void {
    if (!isAlive(member)) return;
    const { island } = member;
    const wasIn = isIn(member);
    this.#exit(member, "crashed");
    if (!island || !wasIn) return;
    this.#dropCopies(island, new Set([member.uuid]), "crash");
    this.timeline.after(this.random.between(50, 3_000), () => this.removed(island, member, "lost"));
  }

  /** The island that a client would meet. */
  get largest(): Island | undefined {
    return [...this.islands].sort((a, b) => b.members.length - a.members.length)[0];
  }

  submit(job: Pick<Job, "id" | "protected" | "autoScaling" | "chunks">): void {
    const island = this.largest;
    if (island?.state !== "ACTIVE") return;
    island.jobs.submit(job, island.members.length);
    this.startJobs(island);
  }

  /** The island's list without the member; everybody else hears of it in time. */
  removed(island: Island, member: Member, why: "left" | "lost"): void {
    if (!island.members.includes(member)) return;
    const wasMaster = island.members[0] === member;
    island.members = island.members.filter((other) => other !== member);
    if (island.members.length === 0) {
      this.islands = this.islands.filter((other) => other !== island);
      return;
    }
    if (wasMaster) this.#newMaster(island, island.members.length + 1);
    island.jobs.interrupted(why, island.members.length + 1);
    if (island.state === "ACTIVE") this.disks.save(island);
    else island.missing.add(member.uuid);
    this.publish(island);
    this.move(island);
  }

  /** It takes a while until the next master has looked at the jobs (some 6 s were seen on real engines). */
  #newMaster(island: Island, members: number): void {
    if (island.jobs.masterGone().length === 0) return;
    this.timeline.after(this.random.between(500, 6_000), () => island.jobs.suspendOrphans(members));
  }

  /** Moves partitions one after the other until each is where it belongs; then who waited for that may go. */
  move(island: Island): void {
    if (island.moving) return;
    island.moving = true;
    this.timeline.after(this.random.between(100, 900), () => {
      island.moving = false;
      if (!this.islands.includes(island)) return;
      const staying = stayingIn(island);
      const next = island.state === "ACTIVE" ? island.table.outOfPlace(staying)[0] : undefined;
      if (next !== undefined && staying.length > 0) island.table.settle(next, staying);
      this.#believe(island);
      if (next !== undefined && island.table.outOfPlace(staying).length > 0) return this.move(island);
      for (const member of island.members.filter((m) => m.phase === "leaving")) {
        if (!island.table.holds(member.uuid))
          this.timeline.after(this.random.between(300, 2_000), () => this.#left(member));
      }
      this.startJobs(island);
    });
  }

  /** Every member takes the island's list over when it hears of it, the master at once. */
  publish(island: Island): void {
    const [master, ...others] = island.members;
    if (master) this.#takeOver(master, island);
    for (const member of others) {
      this.timeline.after(this.random.between(20, 1_800), () => this.#takeOver(member, island));
    }
  }

  makeIsland(
    members: Member[],
    from?: Pick<Island, "clusterId" | "state" | "table" | "jobs"> & { readonly maps?: Maps },
  ): Island {
    const island: Island = {
      id: ++this.#counter,
      clusterId: from?.clusterId ?? `cluster-${this.#counter}`,
      members,
      state: from?.state ?? "ACTIVE",
      table: new PartitionTable(this.options.backups, from?.table),
      jobs: new Jobs(() => this.timeline.now, from?.jobs),
      maps: new Maps(from?.maps),
      since: this.timeline.now,
      missing: new Set(),
      becomingPassive: undefined,
      starting: false,
      scanning: false,
      moving: false,
    };
    for (const member of members) member.island = island;
    this.islands.push(island);
    // In any other state who belongs to the cluster stays as it was saved.
    if (island.state === "ACTIVE") this.disks.save(island);
    return island;
  }

  /** Every member that the volumes name is there: the cluster goes on as it was saved. */
  recover(members: readonly Member[], saved: Saved): void {
    const island = this.makeIsland([...members], {
      ...saved,
      ...Disks.restored(saved, this.options.backups, () => this.timeline.now),
    });
    for (const member of members) {
      member.phase = "joined";
      this.onChange(member);
    }
    this.publish(island);
    this.move(island);
    this.timeline.after(this.random.between(500, 6_000), () => island.jobs.suspendOrphans(members.length));
  }

  /** A side of a split that lost the others: it goes on as a cluster of its own. */
  divide(island: Island, sides: readonly (readonly Member[])[]): void {
    this.islands = this.islands.filter((other) => other !== island);
    for (const side of sides) {
      const living = side.filter(isIn);
      const rest = new Set(island.members.filter((m) => !living.includes(m)).map((m) => m.uuid));
      if (living.length === 0) continue;
      const part = this.makeIsland(living, island);
      if (part.state !== "ACTIVE") for (const uuid of [...rest, ...island.missing]) part.missing.add(uuid);
      this.#dropCopies(part, rest, "split");
      part.jobs.interrupted("lost", island.members.length);
      this.publish(part);
      this.move(part);
    }
    this.watchForOthers();
  }

  /** Only masters look for other clusters, and only now and then. */
  watchForOthers(): void {
    if (this.#mergeCheck || this.islands.length < 2) return;
    this.#mergeCheck = true;
    this.timeline.after(this.random.between(8_000, 20_000), () => {
      this.#mergeCheck = false;
      const [large, small] = [...this.islands].sort((a, b) => b.members.length - a.members.length || a.id - b.id);
      if (large && small && this.#meet(large, small)) this.#merge(small);
      this.watchForOthers();
    });
  }

  #meet(a: Island, b: Island): boolean {
    const [one, other] = [masterOf(a), masterOf(b)];
    const able = [a, b].every((island) => island.state === "ACTIVE");
    return able && one !== undefined && other !== undefined && this.network.connected(one.address, other.address);
  }

  /** The smaller side forgets all it has and joins the larger with members of new names. */
  #merge(small: Island): void {
    this.islands = this.islands.filter((other) => other !== small);
    for (const member of small.members) {
      if (!isAlive(member)) continue;
      const leaving = member.phase === "leaving";
      member.phase = "gone";
      if (leaving) member.onExit("graceful");
      else this.onChange(Object.assign(this.start(member), { startedAt: member.startedAt }));
    }
  }

  #look(member: Member, delay: number): void {
    this.timeline.after(delay, () => {
      if (member.phase !== "booting" && member.phase !== "looking") return;
      const first = member.phase === "booting";
      member.phase = "looking";
      member.view = [seenAs(member)];
      if (first) this.onChange(member);
      const onDisk = this.disks.of(member.claimUid);
      if (onDisk && this.islands.length === 0) return this.#awaitOthers(member, onDisk);
      const awaiting = this.islands.find(
        (i) => onDisk && i.missing.has(onDisk.uuid) && this.#reaches(member, masterOf(i)),
      );
      if (onDisk && awaiting) {
        awaiting.missing.delete(onDisk.uuid);
        member.uuid = onDisk.uuid;
        return this.#join(member, awaiting);
      }
      const found = this.islands.filter((i) => i.state === "ACTIVE" && this.#reaches(member, masterOf(i)));
      if (found.length > 0) return this.#join(member, this.random.pick(found));
      if (!first && this.#mayFound(member)) return this.#found(member);
      this.#look(member, this.random.between(500, 2_500));
    });
  }

  /** A member with a volume keeps its name and waits, without end here, for all that the volume names. */
  #awaitOthers(member: Member, { uuid, saved }: { readonly uuid: string; readonly saved: Saved }): void {
    member.uuid = uuid;
    member.view = [seenAs(member)];
    const there = this.members.filter(
      (other) => other.phase === "looking" && this.disks.of(other.claimUid)?.saved === saved,
    );
    const complete = saved.members.every((wanted) => there.some((other) => other.uuid === wanted));
    if (complete) this.recover(there, saved);
    else this.#look(member, this.random.between(500, 2_500));
  }

  /** The first of those that look for each other begins the cluster; some do not wait to find out. */
  #mayFound(member: Member): boolean {
    if (this.members.some((other) => isAlive(other) && this.disks.of(other.claimUid))) return false;
    if (this.random.chance(this.options.startupSplit)) return true;
    const others = this.members.filter((other) => other.phase === "looking" && this.#reaches(member, other));
    return others.every((other) => member.ordinal <= other.ordinal);
  }

  #found(member: Member): void {
    member.phase = "joined";
    this.startedAnew ||= this.#founded;
    this.#founded = true;
    const island = this.makeIsland([member]);
    this.publish(island);
    this.move(island);
    this.watchForOthers();
    this.onChange(member);
  }

  #join(member: Member, island: Island): void {
    member.phase = "joined";
    member.island = island;
    island.members = [...island.members, member];
    if (island.state === "ACTIVE") this.disks.save(island);
    member.view = island.members.map(seenAs);
    member.believedSafe = false;
    island.jobs.memberJoined(island.members.length);
    island.jobs.interrupted("joined", island.members.length);
    this.publish(island);
    this.move(island);
    this.onChange(member);
  }

  #left(member: Member): void {
    const { island } = member;
    if (member.phase !== "leaving" || !island) return;
    this.#exit(member, "graceful");
    this.#dropCopies(island, new Set([member.uuid]), "leave");
    this.removed(island, member, "left");
  }

  #exit(member: Member, how: "graceful" | "crashed"): void {
    member.phase = "gone";
    member.onExit(how);
    this.onChange(member);
  }

  #takeOver(member: Member, island: Island): void {
    if (member.island !== island || !isIn(member)) return;
    member.view = island.members.map(seenAs);
    member.believedSafe = isSafe(island);
    this.onChange(member);
  }

  #believe(island: Island): void {
    const safe = isSafe(island);
    for (const [index, member] of island.members.entries()) {
      if (index === 0) member.believedSafe = safe;
      else this.timeline.after(this.random.between(20, 600), () => this.#takeOver(member, island));
    }
  }

  /** Two seconds later, if the engine's own gates are open then; else it tries again. */
  startJobs(island: Island): void {
    if (island.starting) return;
    island.starting = true;
    this.timeline.after(2_000, () => {
      island.starting = false;
      if (!this.islands.includes(island) || island.state !== "ACTIVE") return;
      const closed = isBecomingPassive(island) || island.members.some((m) => m.phase !== "joined") || !isSafe(island);
      if (!closed) startDue(this, island);
      else if (island.jobs.all().some((job) => job.status === "NOT_RUNNING")) this.startJobs(island);
    });
  }

  #dropCopies(island: Island, uuids: ReadonlySet<string>, cause: Loss["cause"]): void {
    // What lies on volumes is not lost with the process: a start from them brings it back.
    if (island.state !== "ACTIVE" && island.members.some((member) => member.claimUid !== undefined)) return;
    const partitions = island.table.drop(uuids);
    if (partitions.length === 0) return;
    for (const partition of partitions) {
      island.jobs.partitionLost(partition);
      island.maps.partitionLost(partition, (id) => recordPartitionOf(id) === partition);
    }
    this.losses.push({ at: this.timeline.now, islands: this.islands.length, partitions, cause });
  }

  #reaches(member: Member, other: Member | undefined): boolean {
    return other !== undefined && isAlive(other) && this.network.connected(member.address, other.address);
  }
}
