import type { JetCluster, JetClusterSpec, JetClusterSpecInput } from "../../src/api/jet-cluster.ts";
import { jetClusterSpec } from "../../src/api/jet-cluster.ts";
import { annotation } from "../../src/api/names.ts";
import { type Ledger, readLedger } from "../../src/core/ledger.ts";
import { plan as realPlan } from "../../src/core/plan/plan.ts";
import type { Step } from "../../src/core/plan/step.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { resources } from "../../src/kube/objects.ts";
import { Counters } from "./counters.ts";
import { type Faults, fateUnder } from "./faults.ts";
import { ArchiveTruth } from "./invariants/archive-truth.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { Truth } from "./invariants/truth.ts";
import { ApiServer, type Commit, type StoredObject } from "./model/api-server.ts";
import { ArchivePods, isArchivePod } from "./model/archive-pods.ts";
import { ArchiveProgram, type ProgramBend } from "./model/archive-program.ts";
import { ArchiveVolume } from "./model/archive-volume.ts";
import { takeUpBudgets } from "./model/budgets.ts";
import { createSimClient, type Fate, type WriteCall } from "./model/client.ts";
import { Engine } from "./model/engine.ts";
import { createSimJobs } from "./model/engine-jobs.ts";
import { createSimRest, type RestFaults } from "./model/engine-rest.ts";
import { collectGarbage } from "./model/garbage-collector.ts";
import type { Island } from "./model/island.ts";
import { JobController } from "./model/job-controller.ts";
import type { Job } from "./model/jobs.ts";
import { Kubelet } from "./model/kubelet.ts";
import { Network } from "./model/network.ts";
import { createRandom, type Random } from "./model/random.ts";
import { StatefulSetController } from "./model/stateful-set-controller.ts";
import { Timeline } from "./model/timeline.ts";
import { bindVolumes } from "./model/volumes.ts";
import { OperatorProcess, type Planner } from "./operator.ts";

export const clusterName = "c";

export interface WorldOptions {
  readonly seed: number;
  readonly spec: JetClusterSpecInput;
  readonly faults: Faults;
  readonly invariants: readonly Invariant[];
  /** A faulty planner, or a faulty way to the API server, that the invariants are to catch. */
  readonly plan?: (plan: Planner) => Planner;
  readonly client?: (client: KubeClient) => KubeClient;
  readonly program?: ProgramBend;
  /** At each step of the program that saves and restores, and after each write of an operator, in order. */
  readonly onMoment?: (world: World, moment: number) => void;
  /** Fate of the n-th write of any operator (from 0), when not left to the faults. */
  readonly fateOf?: (index: number) => Fate | undefined;
}

export interface Violation {
  readonly invariant: string;
  readonly detail: string;
  readonly at: number;
}

/** Starts where no time zone or leap second is of interest. */
const beginning = Date.parse("2026-01-01T00:00:00Z");

/** One JetCluster with everything around it: models of Kubernetes and of the engine, and the real operator between them. */
export class World {
  readonly timeline = new Timeline(beginning);
  readonly random: Random;
  readonly api: ApiServer;
  readonly network = new Network();
  readonly engine: Engine;
  readonly kubelet: Kubelet;
  readonly truth: Truth;
  readonly archivePods: ArchivePods;
  readonly archiveTruth: ArchiveTruth;
  readonly counters = new Counters();
  readonly options: WorldOptions;
  readonly operators: OperatorProcess[] = [];
  readonly trace: string[] = [];
  violation: Violation | undefined;
  /** Faults of calls and caches happen only while this is true. */
  stormy = true;
  /** Writes of operators so far. */
  writes = 0;
  /** Those until the story had been told. */
  writesBeforeRest = 0;
  /** Moments until now, see `onMoment`. */
  moments = 0;
  lastStep: Step | undefined;
  /** How long the write that is being committed was stuck on its way, in milliseconds. */
  lateness = 0;
  /** When a person last did something to pods or the StatefulSet that may cost members. */
  disturbedAt = Number.NEGATIVE_INFINITY;
  /** The largest size that a person wrote into the StatefulSet and nobody has corrected. */
  scaledByHand = 0;
  /** Jobs that this JetCluster's status ever told of as active, and those that the ledger ever knew to run without auto-scaling. */
  readonly toldOf = new Set<string>();
  readonly knownUnscaled = new Set<string>();
  /** When each operator sent its last write of the StatefulSet. */
  readonly sentAt = new Map<string, number>();
  /** The child whose write an operator was refused last, as long as its status has not told of it. */
  readonly refusedOf = new Map<string, string>();
  /** A person has said that the jobs' state may go. */
  lossAccepted = false;
  /** A person has set the cluster's state and not set it back. */
  stateIsPersons = false;
  readonly #asking: RestFaults = {
    latency: () => this.random.between(1, 40),
    unanswered: () => this.#now("members do not answer") && this.random.chance(0.05),
  };
  #names = 0;
  readonly #volumes = new Map<string, ArchiveVolume>();
  readonly #fates: (call: WriteCall) => Fate;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = createRandom(options.seed);
    this.#fates = fateUnder(options.faults, this.random);
    this.api = new ApiServer(this.timeline);
    const spec = defaulted(options.spec);
    const startupSplit = options.faults.has("start-up splits") ? 0.15 : 0;
    this.engine = new Engine(this.timeline, this.random, this.network, { backups: spec.backupCount, startupSplit });
    new StatefulSetController(this.api, this.timeline, this.random);
    this.kubelet = new Kubelet(
      this.api,
      this.timeline,
      this.random,
      this.engine,
      spec.version?.startsWith("4.") !== true,
    );
    collectGarbage(this.api, this.timeline, this.random);
    takeUpBudgets(this.api, this.timeline, this.random);
    bindVolumes(this.api, this.timeline, this.random);
    new JobController(this.api, this.timeline, this.random);
    this.archivePods = new ArchivePods(
      this,
      (task, volume) => new ArchiveProgram(task, volume, this.#programParts()),
      (claimUid) => this.volumeOf(claimUid),
    );
    this.truth = new Truth(this);
    this.archiveTruth = new ArchiveTruth(this);
    this.engine.onJobStart = (job, island) => this.#tell((each) => each.started?.(this, job, island));
    this.api.listen((commit) => this.#committed(commit));
    this.timeline.beforeEach = () => this.truth.lasted();
    this.timeline.afterEach = () => this.#check();
    this.createCluster();
  }

  /** As its story begins; also again, after it was deleted. */
  createCluster(): void {
    if (this.cluster) return;
    // Its predecessor's status is gone with it: of what that told nobody can remind anybody.
    this.toldOf.clear();
    this.api.create("person", resources.jetClusters, {
      apiVersion: "jet-operator.io/v1beta1",
      kind: "JetCluster",
      metadata: { name: clusterName },
      spec: defaulted(this.options.spec) as unknown as Record<string, unknown>,
    });
  }

  get cluster(): JetCluster | undefined {
    return this.api.get(resources.jetClusters, clusterName) as unknown as JetCluster | undefined;
  }

  get statefulSet(): StoredObject | undefined {
    return this.api.get(resources.statefulSets, clusterName);
  }

  get ledger(): Ledger | undefined {
    return ledgerIn(this.statefulSet);
  }

  /** Those of members. */
  get pods(): StoredObject[] {
    return this.api.list(resources.pods).filter((pod) => !isArchivePod(pod));
  }

  /** What lies on the volume of a claim; another claim of the same name is another volume. */
  volumeOf(claimUid: string): ArchiveVolume {
    const known = this.#volumes.get(claimUid);
    if (known) return known;
    const made: ArchiveVolume = new ArchiveVolume((generation) =>
      this.#tell((each) => each.removed?.(this, generation, made)),
    );
    this.#volumes.set(claimUid, made);
    return made;
  }

  #programParts(): ConstructorParameters<typeof ArchiveProgram>[2] {
    return {
      engine: this.engine,
      bend: this.options.program ?? {},
      stepTime: () =>
        this.#now("snapshots take long") ? this.random.between(500, 30_000) : this.random.between(20, 900),
      onStep: (program, step) => {
        this.note(`archive ${program.task.does}: ${step}`);
        this.#moment();
        this.#tell((each) => each.stepped?.(this, program));
      },
      onWrite: (program, island, map) => this.#tell((each) => each.restored?.(this, program, island, map)),
    };
  }

  #moment(): void {
    const moment = this.moments++;
    this.options.onMoment?.(this, moment);
  }

  #tell(ask: (invariant: Invariant) => string | undefined): void {
    for (const invariant of this.options.invariants) {
      const detail = ask(invariant);
      if (detail !== undefined) this.violated(invariant.id, detail);
    }
  }

  /** A new process; its caches begin with a list. */
  startOperator(): OperatorProcess {
    const name = `operator-${++this.#names}` as const;
    const lag = () => this.#lag();
    const process: OperatorProcess = new OperatorProcess({
      name,
      cluster: clusterName,
      api: this.api,
      timeline: this.timeline,
      client: this.#client(name, () => process.alive),
      rest: createSimRest(this.engine, this.#asking, () => this.snapshotTime()),
      jobs: createSimJobs(
        this.engine,
        this.#asking,
        () => this.snapshotTime(),
        (job, island) => this.#resumed(job, island),
      ),
      lag,
      plan: (observation) => this.#planned(observation),
      onCrash: () => this.crashed(process),
    });
    this.operators.push(process);
    return process;
  }

  /** The process is gone; Kubernetes starts another. */
  crashed(process: OperatorProcess): void {
    process.kill();
    this.counters.add("fault: operator ended");
    this.note("operator ended");
    this.timeline.after(this.random.between(500, 20_000), () => void this.startOperator());
  }

  snapshotTime(): number {
    const slow = this.#now("snapshots take long") && this.random.chance(0.5);
    return slow ? this.random.between(20_000, 150_000) : this.random.between(50, 2_000);
  }

  note(what: string): void {
    this.trace.push(`${((this.timeline.now - beginning) / 1000).toFixed(1)} ${what}`);
    if (this.trace.length > 400) this.trace.shift();
  }

  violated(invariant: string, detail: string): void {
    if (this.violation) return;
    this.violation = { invariant, detail, at: this.timeline.now - beginning };
    this.note(`VIOLATED ${invariant}: ${detail}`);
    this.timeline.stopped = true;
  }

  #client(name: `operator-${number}`, alive: () => boolean): KubeClient {
    const client = createSimClient(this.api, this.timeline, {
      author: name,
      alive,
      latency: () => this.random.between(1, this.#now("caches lag") ? 400 : 60),
      fateOf: (call) => this.#fate(call),
      onWrite: (call, late) => this.#asked(call, late),
    });
    return this.options.client?.(client) ?? client;
  }

  #fate(call: WriteCall): Fate {
    const fate = this.options.fateOf?.(this.writes) ?? (this.stormy ? this.#fates(call) : "ok");
    this.writes += 1;
    if (call.ref.resource === resources.statefulSets) this.sentAt.set(call.author, this.timeline.now);
    if (fate !== "ok") this.counters.add(`fault: write ${fate}`);
    if (fate === "refused" && isChild(call)) this.refusedOf.set(call.author, call.ref.name);
    // What ends the pass makes it forget: it is found again by the next one.
    else if (fate !== "ok") this.refusedOf.delete(call.author);
    return fate;
  }

  #planned(observation: Parameters<Planner>[0]): Step {
    const plan = this.options.plan?.(realPlan) ?? realPlan;
    const step = plan(observation);
    this.lastStep = step;
    for (const name of namesOf(step)) this.counters.add(name);
    return step;
  }

  #lag(): number {
    if (!this.#now("caches lag")) return this.random.between(1, 60);
    return this.random.chance(0.1) ? this.random.between(2_000, 15_000) : this.random.between(1, 1_500);
  }

  #now(fault: Parameters<Faults["has"]>[0]): boolean {
    return this.stormy && this.options.faults.has(fault);
  }

  #asked(call: WriteCall, late: number): void {
    this.lateness = late;
    this.#tell((each) => each.asked?.(this, call));
  }

  #resumed(job: Job, island: Island): void {
    this.#tell((each) => each.resumed?.(this, job, island));
    this.archiveTruth.resumed();
  }

  /** What nobody can tell of any more: status tells of no jobs of a stopped cluster, and a person may wipe it. */
  #forgotten({ author, type, before, object }: Commit): void {
    const wiped = author === "person" && before?.status && !object.status;
    if (wiped || ledgerIn(object)?.stopped || (type === "DELETED" && this.cluster?.spec.suspend)) this.toldOf.clear();
  }

  #committed(commit: Commit): void {
    this.truth.committed(commit);
    this.#forgotten(commit);
    for (const id of ledgerIn(commit.object)?.jobs?.unscaled?.jobs ?? []) this.knownUnscaled.add(id);
    if (commit.resource === resources.jetClusters) {
      const { status } = commit.object as unknown as JetCluster;
      for (const job of status?.jobs ?? []) this.toldOf.add(job.id);
      const healthy = status?.conditions?.find((condition) => condition.type === "JobsHealthy");
      if (healthy) this.counters.add(`JobsHealthy ${healthy.reason}`);
    }
    this.note(told(commit));
    this.#tell((each) => each.committed?.(this, commit));
    this.archiveTruth.committed(commit);
    // What strikes there comes right after the write, not in the middle of it.
    if (this.options.onMoment && commit.author.startsWith("operator-")) this.timeline.after(0, () => this.#moment());
  }

  #check(): void {
    this.truth.look();
    this.archiveTruth.look();
    this.#tell((each) => each.holds?.(this));
  }
}

/** As the API server fills it in; one object for each story, so that what is made from it is made once. */
function defaulted(spec: JetClusterSpecInput): JetClusterSpec {
  const whole = wholeSpecs.get(spec) ?? jetClusterSpec.parse(spec);
  wholeSpecs.set(spec, whole);
  return whole;
}

const wholeSpecs = new WeakMap<JetClusterSpecInput, JetClusterSpec>();

/** Not the planner's effects, which it may want no more by then, and not the status itself. */
function isChild({ verb, subresource, ref }: WriteCall): boolean {
  return verb === "apply" && subresource === undefined && ref.resource !== resources.persistentVolumeClaims;
}

/** The ledger on a StatefulSet as the API server has it, read once for each object. */
export function ledgerIn(statefulSet: StoredObject | undefined): Ledger | undefined {
  if (!statefulSet) return undefined;
  const known = readings.get(statefulSet);
  if (known) return known.ledger;
  const reading = readLedger(statefulSet.metadata.annotations?.[annotation.ledger]);
  const ledger = reading.kind === "ledger" ? reading.ledger : undefined;
  readings.set(statefulSet, { ledger });
  return ledger;
}

const readings = new WeakMap<StoredObject, { readonly ledger: Ledger | undefined }>();

function namesOf(step: Step): string[] {
  if (step.kind === "wait") return [`wait: ${step.for.check}`];
  if (step.kind === "blocked") return step.by.map((unmet) => `blocked: ${unmet.check}`);
  if (step.kind === "done") return ["done"];
  const { effect } = step;
  if (!("ledger" in effect)) return [`effect: ${effect.kind}`];
  const { operation } = effect.ledger;
  return [`effect: ${effect.kind} ${operation ? `${operation.kind} ${operation.step}` : "at rest"}`];
}

function told({ author, type, resource, object }: Commit): string {
  const { metadata, spec, status } = object;
  const ledger = ledgerIn(object);
  const more = [
    spec?.replicas === undefined ? "" : `replicas ${spec.replicas}`,
    ledger
      ? `Q${ledger.quorumBase} ${ledger.operation?.kind ?? "rest"} ${ledger.operation?.step ?? ""} formed ${ledger.formedSize}`
      : "",
    metadata.deletionTimestamp === undefined ? "" : "deleting",
    resource === resources.pods ? JSON.stringify(status ?? {}) : "",
    resource === resources.jetClusters ? readyOf(object) : "",
  ];
  return `${author} ${type} ${resource.plural}/${metadata.name} ${more.filter((m) => m !== "").join(" ")}`;
}

function readyOf(object: StoredObject): string {
  const conditions = object.status?.conditions;
  const ready = conditions?.find((c) => c.type === "Ready");
  return ready ? `Ready=${ready.status} ${ready.reason}` : "";
}
