import { resources } from "../../../src/kube/objects.ts";
import { type ApiServer, podGraceMillis, type StoredObject } from "./api-server.ts";
import { isArchivePod } from "./archive-pods.ts";
import type { Engine } from "./engine.ts";
import { isAlive, type Member } from "./member.ts";
import type { Random } from "./random.ts";
import { ordinalOf } from "./stateful-set-controller.ts";
import type { Timeline } from "./timeline.ts";

const author = "kubelet";

/** Scheduler and kubelet of one node: pods get an address, their engine starts, is probed, restarted, told to stop. */
export class Kubelet {
  /** Pods from this ordinal on stay Pending: there is no node for them. */
  noRoomFrom = Number.POSITIVE_INFINITY;
  noRoomFor: number | undefined;
  /** A pod for which this is true stays Pending for a while. */
  unschedulable: (ordinal: number) => boolean = () => false;
  readonly #api: ApiServer;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #engine: Engine;
  readonly #probed = new Set<string>();
  readonly #ending = new Set<string>();
  /** Pods of nodes that do not report, by uid: nothing can be done to them, and nobody knows whether they run. */
  readonly #lost = new Set<string>();
  /** Those of them whose container waits for the node to come back. */
  readonly #down = new Set<string>();
  /** The engine answers whether it has joined; older ones count as ready as soon as they answer. */
  readonly #readyEndpoint: boolean;
  #address = 0;

  constructor(api: ApiServer, timeline: Timeline, random: Random, engine: Engine, readyEndpoint: boolean) {
    this.#api = api;
    this.#timeline = timeline;
    this.#random = random;
    this.#engine = engine;
    this.#readyEndpoint = readyEndpoint;
    engine.onChange = (member) => this.#probeSoon(member.pod);
    api.listen((commit) => {
      if (commit.resource !== resources.pods || isArchivePod(commit.object)) return;
      const { object, type } = commit;
      if (type === "ADDED") this.#schedule(object);
      if (type === "MODIFIED" && object.metadata.deletionTimestamp !== undefined) this.#stop(object);
    });
  }

  memberOf(pod: StoredObject): Member | undefined {
    return this.#engine.members.find((m) => m.podUid === pod.metadata.uid && isAlive(m));
  }

  /** The node is gone with the process on it; the API server keeps what it was last told, but for the readiness. */
  loseNodeOf(pod: StoredObject): void {
    const member = this.memberOf(pod);
    if (!member || pod.metadata.deletionTimestamp !== undefined) return;
    this.#lost.add(pod.metadata.uid ?? "");
    this.#engine.crash(member);
    const conditions = [
      { type: "Ready", status: "False" },
      { type: "ContainersReady", status: "True" },
    ];
    this.#timeline.after(5_000, () => {
      if (this.#lost.has(pod.metadata.uid ?? "")) this.#setStatus(pod, { ...pod.status, conditions });
    });
  }

  /** All nodes report again: what was to end ends, the rest is started anew. */
  nodesBack(): void {
    const back = this.#api.list(resources.pods).filter((pod) => this.#lost.has(pod.metadata.uid ?? ""));
    this.#lost.clear();
    for (const pod of back) {
      if (pod.metadata.deletionTimestamp !== undefined) this.#removeIfSame(pod);
      else if (this.#down.delete(pod.metadata.uid ?? "")) this.#startContainer(pod, pod.status?.podIP ?? "");
    }
  }

  #schedule(pod: StoredObject): void {
    this.#timeline.after(this.#random.between(300, 4_000), () => {
      const now = this.#api.get(resources.pods, pod.metadata.name);
      if (now?.metadata.uid !== pod.metadata.uid || now?.metadata.deletionTimestamp !== undefined) return;
      const ordinal = ordinalOf(pod);
      if (ordinal >= this.noRoomFrom || ordinal === this.noRoomFor || this.unschedulable(ordinal)) {
        this.#setStatus(pod, {
          phase: "Pending",
          conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
        });
        return this.#schedule(pod);
      }
      const address = this.#freeAddress();
      this.#setStatus(pod, { phase: "Running", podIP: address, conditions: [{ type: "Ready", status: "False" }] });
      this.#startContainer(pod, address);
    });
  }

  #startContainer(pod: StoredObject, address: string): void {
    this.#engine.start({
      pod: pod.metadata.name,
      podUid: pod.metadata.uid ?? "",
      ordinal: ordinalOf(pod),
      address,
      claimUid: this.#api.get(resources.persistentVolumeClaims, `data-${pod.metadata.name}`)?.metadata.uid,
      onExit: () => this.#exited(pod, address),
    });
  }

  /** In place, with the address it had, unless the pod is on its way out. */
  #exited(pod: StoredObject, address: string): void {
    this.#probeSoon(pod.metadata.name);
    this.#timeline.after(this.#random.between(300, 6_000), () => {
      const now = this.#api.get(resources.pods, pod.metadata.name);
      if (now?.metadata.uid !== pod.metadata.uid) return;
      if (this.#lost.has(pod.metadata.uid ?? "")) {
        this.#down.add(pod.metadata.uid ?? "");
        return;
      }
      if (now?.metadata.deletionTimestamp === undefined) this.#startContainer(pod, address);
      else this.#api.remove(author, resources.pods, pod.metadata.name);
    });
  }

  #stop(pod: StoredObject): void {
    const uid = pod.metadata.uid ?? "";
    if (this.#ending.has(uid)) return;
    this.#ending.add(uid);
    this.#timeline.after(this.#random.between(50, 1_200), () => {
      if (this.#lost.has(uid)) return;
      const member = this.memberOf(pod);
      if (!member) return this.#removeIfSame(pod);
      this.#engine.terminate(member);
      this.#timeline.after(podGraceMillis, () => this.#engine.crash(member));
    });
  }

  #removeIfSame(pod: StoredObject): void {
    const now = this.#api.get(resources.pods, pod.metadata.name);
    if (now?.metadata.uid === pod.metadata.uid) this.#api.remove(author, resources.pods, pod.metadata.name);
  }

  #probeSoon(name: string): void {
    if (this.#probed.has(name)) return;
    this.#probed.add(name);
    this.#timeline.after(this.#random.between(100, 5_000), () => {
      this.#probed.delete(name);
      const pod = this.#api.get(resources.pods, name);
      if (pod?.status?.phase !== "Running" || this.#lost.has(pod.metadata.uid ?? "")) return;
      const status = this.#answers(this.memberOf(pod)) ? "True" : "False";
      this.#setStatus(pod, { ...pod.status, conditions: [{ type: "Ready", status }] });
    });
  }

  #answers(member: Member | undefined): boolean {
    if (!member) return false;
    return member.phase === "joined" || (!this.#readyEndpoint && member.phase === "looking");
  }

  #setStatus(pod: StoredObject, status: Record<string, unknown>): void {
    this.#api.change(author, resources.pods, pod.metadata.name, (object) =>
      object.metadata.uid === pod.metadata.uid ? { ...object, status } : object,
    );
  }

  /** Addresses come round again, as those of real nodes do. */
  #freeAddress(): string {
    const used = new Set(this.#api.list(resources.pods).map((pod) => pod.status?.podIP));
    for (;;) {
      this.#address = (this.#address + 1) % 24;
      const address = `10.1.0.${this.#address + 10}`;
      if (!used.has(address)) return address;
    }
  }
}
