import { label } from "../../../src/api/names.ts";
import { UsageError } from "../../../src/archive/command/arguments.ts";
import { parseTask, type Task } from "../../../src/archive/work/arguments.ts";
import { resources } from "../../../src/kube/objects.ts";
import type { ApiServer, StoredObject } from "./api-server.ts";
import type { ArchiveProgram } from "./archive-program.ts";
import type { ArchiveVolume } from "./archive-volume.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

const author = "kubelet";
/** SIGKILL follows SIGTERM after this long. */
const graceMillis = 10_000;

export function isArchivePod({ metadata }: StoredObject): boolean {
  return metadata.labels?.[label.archiveOf] !== undefined;
}

type NewProgram = (task: Task, volume: ArchiveVolume) => ArchiveProgram;

interface Running {
  readonly pod: StoredObject;
  readonly program: ArchiveProgram;
}

/** The kubelet's part for the pods of Jobs that save and restore: mount, run once, probe, last words. */
export class ArchivePods {
  readonly #api: ApiServer;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #newProgram: NewProgram;
  readonly #volumeOf: (claimUid: string) => ArchiveVolume;
  readonly #running = new Map<string, Running>();
  /** Of a node that does not report: neither ended nor gone. */
  readonly #lost = new Set<string>();

  constructor(
    { api, timeline, random }: { api: ApiServer; timeline: Timeline; random: Random },
    newProgram: NewProgram,
    volumeOf: (claimUid: string) => ArchiveVolume,
  ) {
    this.#api = api;
    this.#timeline = timeline;
    this.#random = random;
    this.#newProgram = newProgram;
    this.#volumeOf = volumeOf;
    api.listen(({ resource, type, object }) => {
      if (resource !== resources.pods || !isArchivePod(object)) return;
      if (type === "ADDED") this.#schedule(object);
      if (type === "MODIFIED" && object.metadata.deletionTimestamp !== undefined) this.#stop(object);
    });
  }

  /** Programs that are at work now. */
  get programs(): ArchiveProgram[] {
    return [...this.#running.values()].map(({ program }) => program);
  }

  /** As for want of memory: the process is gone at once. */
  kill(): void {
    for (const { pod, program } of this.#running.values()) {
      program.kill();
      this.#ended(pod, { exitCode: 137, reason: "OOMKilled" });
    }
  }

  loseNode(): void {
    for (const [uid, { program }] of this.#running) {
      program.kill();
      this.#lost.add(uid);
    }
  }

  /** What was to end ends; a container is not started again. */
  nodesBack(): void {
    for (const uid of this.#lost) {
      const pod = this.#running.get(uid)?.pod;
      this.#lost.delete(uid);
      if (!pod) continue;
      this.#ended(pod, { exitCode: 137, reason: "Error" });
      if (this.#now(pod)?.metadata.deletionTimestamp !== undefined) this.#remove(pod);
    }
  }

  #schedule(pod: StoredObject): void {
    this.#timeline.after(this.#random.between(300, 3_000), () => {
      const now = this.#now(pod);
      if (!now || now.metadata.deletionTimestamp !== undefined) return;
      const claim = this.#api.get(resources.persistentVolumeClaims, claimOf(pod));
      if (claim?.status?.phase !== "Bound") return this.#schedule(pod);
      this.#setStatus(pod, { phase: "Running", conditions: [{ type: "Ready", status: "False" }] });
      this.#run(pod, this.#volumeOf(claim.metadata.uid ?? ""));
    });
  }

  #run(pod: StoredObject, volume: ArchiveVolume): void {
    const [does = "", ...argv] = containerOf(pod).args;
    const uid = pod.metadata.uid ?? "";
    const task = taskOf(does as Task["does"], argv);
    if (typeof task === "string") {
      this.#setStatus(pod, ended({ exitCode: 2, message: task }, this.#timeline.now));
      return;
    }
    const program = this.#newProgram(task, volume);
    this.#running.set(uid, { pod, program });
    program.onReady = () => {
      this.#timeline.after(this.#random.between(50, 2_000), () => {
        if (this.#running.has(uid) && !this.#lost.has(uid))
          this.#setStatus(pod, { phase: "Running", conditions: [{ type: "Ready", status: "True" }] });
      });
    };
    this.#timeline.beside(
      program.run().then((end) => {
        if (end) this.#ended(pod, end);
      }),
    );
  }

  #ended(pod: StoredObject, end: End): void {
    if (this.#lost.has(pod.metadata.uid ?? "") || !this.#running.delete(pod.metadata.uid ?? "")) return;
    this.#setStatus(pod, ended(end, this.#timeline.now));
    if (this.#now(pod)?.metadata.deletionTimestamp !== undefined)
      this.#timeline.after(this.#random.between(100, 1_000), () => this.#remove(pod));
  }

  #stop(pod: StoredObject): void {
    const uid = pod.metadata.uid ?? "";
    this.#timeline.after(this.#random.between(50, 1_200), () => {
      const running = this.#running.get(uid);
      if (this.#lost.has(uid)) return;
      if (!running) return this.#remove(pod);
      running.program.abort();
      this.#timeline.after(graceMillis, () => this.#killAndRemove(running));
    });
  }

  /** A process that waits for a disk that does not answer cannot even be killed. */
  #killAndRemove({ pod, program }: Running): void {
    if (program.alive && program.volume.stalled) {
      this.#timeline.after(graceMillis, () => this.#killAndRemove({ pod, program }));
      return;
    }
    program.kill();
    this.#ended(pod, { exitCode: 137 });
    this.#remove(pod);
  }

  #remove(pod: StoredObject): void {
    if (this.#now(pod) && !this.#lost.has(pod.metadata.uid ?? ""))
      this.#api.remove(author, resources.pods, pod.metadata.name);
  }

  #now(pod: StoredObject): StoredObject | undefined {
    const now = this.#api.get(resources.pods, pod.metadata.name);
    return now?.metadata.uid === pod.metadata.uid ? now : undefined;
  }

  #setStatus(pod: StoredObject, status: Record<string, unknown>): void {
    this.#api.change(author, resources.pods, pod.metadata.name, (object) =>
      object.metadata.uid === pod.metadata.uid ? { ...object, status } : object,
    );
  }
}

interface End {
  readonly exitCode: number;
  readonly message?: string;
  readonly reason?: string;
}

function ended(end: End, now: number): Record<string, unknown> {
  return {
    phase: end.exitCode === 0 ? "Succeeded" : "Failed",
    conditions: [{ type: "Ready", status: "False" }],
    containerStatuses: [{ state: { terminated: { ...end, finishedAt: new Date(now).toISOString() } } }],
  };
}

/** The program's complaint where it does not accept its arguments. */
function taskOf(does: Task["does"], argv: readonly string[]): Task | string {
  try {
    return parseTask(does, argv);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

interface PodSpec {
  readonly containers: readonly { readonly args: readonly string[] }[];
  readonly volumes: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
}

function containerOf(pod: StoredObject): PodSpec["containers"][number] {
  const [container] = (pod.spec as unknown as PodSpec).containers;
  if (!container) throw new Error("a pod without a container");
  return container;
}

function claimOf(pod: StoredObject): string {
  const claims = (pod.spec as unknown as PodSpec).volumes.flatMap((each) => each.persistentVolumeClaim ?? []);
  return claims[0]?.claimName ?? "";
}
