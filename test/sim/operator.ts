import type { JetCluster } from "../../src/api/jet-cluster.ts";
import type { Caches } from "../../src/controller/caches.ts";
import { type Children, mendStatefulSet, nothingJudged } from "../../src/controller/children.ts";
import { ensureClaims } from "../../src/controller/claims.ts";
import { createEngineCommands } from "../../src/controller/engine-commands.ts";
import { createJobSource } from "../../src/controller/jobs.ts";
import { createMemberSource } from "../../src/controller/members.ts";
import { createObserver, hashKey } from "../../src/controller/observer.ts";
import { createReconciler } from "../../src/controller/reconciler.ts";
import { createRefusals } from "../../src/controller/refusals.ts";
import { createSnapshotSource, type SnapshotSource } from "../../src/controller/snapshots.ts";
import { createTakenNames } from "../../src/controller/taken-names.ts";
import { createTroubleSource } from "../../src/controller/troubles.ts";
import type { DesiredContext } from "../../src/core/desired/context.ts";
import { templateHash } from "../../src/core/desired/pod-template.ts";
import { restartHash, specHash } from "../../src/core/desired/spec-hash.ts";
import { statefulSet } from "../../src/core/desired/stateful-set.ts";
import type { Engine } from "../../src/core/evidence/capabilities.ts";
import type { Observation } from "../../src/core/evidence/observation.ts";
import type { Step } from "../../src/core/plan/step.ts";
import type { EngineJobs } from "../../src/engine/jobs.ts";
import type { EngineRest } from "../../src/engine/rest.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { ApiError, TransportError } from "../../src/kube/errors.ts";
import { createExpectations } from "../../src/kube/expectations.ts";
import { type KubeObject, type Resource, resources } from "../../src/kube/objects.ts";
import { type ApiServer, namespace } from "./model/api-server.ts";
import { OperatorCrash } from "./model/client.ts";
import { createLaggingInformer, type Lag, type LaggingInformer } from "./model/informer.ts";
import type { Timeline, Timer } from "./model/timeline.ts";

export type Planner = (observation: Observation) => Step;

export interface OperatorParts {
  readonly name: string;
  readonly cluster: string;
  readonly api: ApiServer;
  readonly timeline: Timeline;
  readonly client: KubeClient;
  readonly rest: EngineRest;
  readonly jobs: EngineJobs;
  readonly lag: Lag;
  readonly plan: Planner;
  /** The process has ended by itself, at a write that was to end it. */
  readonly onCrash: () => void;
}

/** Real ones wait this long after the n-th failure in a row, in milliseconds. */
const backOffMillis = (failures: number) => Math.min(500 * 2 ** failures, 30_000);

/** One process of the operator: the real reconciler, observer, member source, expectations and driver around the models. */
export class OperatorProcess {
  alive = true;
  /** Passes that have ended. */
  passes = 0;
  readonly #parts: OperatorParts;
  readonly #informers: LaggingInformer<unknown>[] = [];
  readonly #snapshots: SnapshotSource;
  readonly #reconcile: ReturnType<typeof createReconciler>;
  #timer: { at: number; timer: Timer } | undefined;
  #running = false;
  #again = false;
  #failures = 0;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    this.#snapshots = createSnapshotSource(
      parts.jobs,
      () => parts.timeline.now,
      () => this.enqueue(20),
    );
    this.#reconcile = this.#compose();
    this.enqueue(100);
  }

  enqueue(delay: number): void {
    if (!this.alive) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    const at = this.#parts.timeline.now + delay;
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.timer.cancel();
    this.#timer = { at, timer: this.#parts.timeline.after(delay, () => this.#parts.timeline.beside(this.#pass())) };
  }

  /** SIGKILL. A write that is on its way stays on its way. */
  kill(): void {
    this.alive = false;
    this.#timer?.timer.cancel();
    this.#snapshots.stop();
    for (const informer of this.#informers) informer.close();
  }

  async #pass(): Promise<void> {
    this.#timer = undefined;
    if (!this.alive) return;
    this.#running = true;
    this.#again = false;
    let next = 0;
    try {
      const result = await this.#reconcile(`${namespace}/${this.#parts.cluster}`, new AbortController().signal);
      this.#failures = 0;
      next = result.requeueAfterMillis ?? 600_000;
    } catch (error) {
      if (error instanceof OperatorCrash) {
        if (this.alive) this.#parts.onCrash();
        return;
      }
      if (!isTriedAgain(error)) throw error;
      next = backOffMillis(this.#failures++);
    }
    this.passes += 1;
    this.#running = false;
    this.enqueue(this.#again ? Math.min(next, 50) : next);
  }

  #compose(): ReturnType<typeof createReconciler> {
    const { timeline, client, rest, jobs, plan } = this.#parts;
    const caches = this.#caches();
    const now = () => timeline.now;
    const takenNames = createTakenNames();
    const refusals = createRefusals(() => {});
    const observer = createObserver({
      caches,
      members: createMemberSource(rest, now),
      jobs: createJobSource(jobs, this.#snapshots, now),
      namespaceTerminating: () => Promise.resolve(false),
      ...{ takenNames, refusals },
      troubles: createTroubleSource(client, now),
      progress: { observe: async () => undefined, forget: () => {} },
      stateSize: { observe: () => undefined, forget: () => {}, stop: () => {} },
      hashes: hashesOf,
      now,
    });
    const cacheOf = (written: KubeObject) =>
      Object.values(caches).find((_, i) => Object.keys(caches)[i] === pluralKey(written)) ?? caches.statefulSets;
    return createReconciler({
      client,
      observer,
      engine: createEngineCommands(rest, jobs),
      children: gateAndBudget(client, caches),
      ...{ takenNames, refusals },
      expectations: createExpectations(cacheOf),
      events: { record: () => {} } as unknown as Parameters<typeof createReconciler>[0]["events"],
      desired,
      onObserved: () => {},
      onActed: () => {},
      plan,
    });
  }

  #caches(): Caches {
    const { api, timeline, lag } = this.#parts;
    const informer = <T>(resource: Resource) => {
      const made = createLaggingInformer<T>(api, timeline, resource, { lag, onChange: () => this.enqueue(20) });
      this.#informers.push(made as LaggingInformer<unknown>);
      return made;
    };
    return {
      jetClusters: informer<JetCluster>(resources.jetClusters),
      statefulSets: informer(resources.statefulSets),
      pods: informer(resources.pods),
      services: informer(resources.services),
      configMaps: informer(resources.configMaps),
      serviceAccounts: informer(resources.serviceAccounts),
      podDisruptionBudgets: informer(resources.podDisruptionBudgets),
      networkPolicies: informer(resources.networkPolicies),
      persistentVolumeClaims: informer(resources.persistentVolumeClaims),
      jobs: informer(resources.jobs),
    };
  }
}

/** What the real loop meets with a back-off; anything else is a mistake of the program and ends the run. */
function isTriedAgain(error: unknown): boolean {
  const refused = error instanceof Error && error.name === "EngineRefused";
  return refused || error instanceof ApiError || error instanceof TransportError;
}

const desired = {
  operator: { namespace: "jet-operator", podLabels: { app: "jet-operator" } },
  metricsClients: [],
  images: { platform: "platform", platformEnterprise: "platform-ee", jet: "jet", jetEnterprise: "jet-ee" },
  archiveImage: "jet-operator:1",
} as unknown as Pick<DesiredContext, "operator" | "metricsClients" | "images" | "archiveImage">;

function pluralKey(written: KubeObject): string {
  return Object.entries(resources).find(([, r]) => r.kind === written.kind)?.[0] ?? "";
}

type Hashes = Pick<Observation, "specHash" | "restartHash" | "templateHash">;

/** The same for the same spec in every world: rendering takes longer than all the rest of a short story. */
const rendered = new Map<string, Hashes>();
const judged = nothingJudged();

/** As the product computes them. */
function hashesOf(cluster: JetCluster, engine: Engine): Hashes {
  const key = JSON.stringify([hashKey(cluster, engine), cluster.spec]);
  const context: DesiredContext = { ...desired, cluster, engine, gate: "open", disruptionsAllowed: 0 };
  const hashes = rendered.get(key) ?? {
    specHash: specHash(context),
    restartHash: restartHash(context),
    templateHash: templateHash(context),
  };
  rendered.set(key, hashes);
  return hashes;
}

/** Of the children only those that change with the cluster's life: who may evict, and whether clients get in. */
function gateAndBudget(client: KubeClient, caches: Caches): Children {
  return {
    newStatefulSet: (context, replicas, ledger) => statefulSet(context, { replicas, ledger }),
    writeTemplateChildren: () => Promise.resolve(),
    async ensure(context, observation, writes, signal) {
      const { name } = observation.cluster.metadata;
      const wanted = [
        { resource: resources.podDisruptionBudgets, spec: { maxUnavailable: context.disruptionsAllowed } },
        { resource: resources.services, spec: { selector: context.gate } },
      ];
      const written: KubeObject[] = [];
      for (const { resource, spec } of wanted) {
        const cache = resource === resources.services ? caches.services : caches.podDisruptionBudgets;
        const cached = cache.get(namespace, name) as { spec?: unknown } | undefined;
        if (JSON.stringify(cached?.spec) === JSON.stringify(spec)) continue;
        const owner = {
          apiVersion: "",
          kind: "JetCluster",
          name,
          uid: observation.cluster.metadata.uid,
          controller: true,
        };
        const body = { metadata: { name, ownerReferences: [owner] }, spec };
        const ref = { resource, namespace, name };
        const done = await writes.attempt({ object: `${resource.kind}/${name}` }, () =>
          client.apply<KubeObject>(ref, body, { fieldManager: "jet-operator", force: true }),
        );
        if (done) written.push(done);
      }
      const claims = await ensureClaims(client, context, observation, writes, signal);
      const mended = await writes.attempt({ object: `StatefulSet/${name}` }, () =>
        mendStatefulSet(client, caches, context, judged, signal),
      );
      written.push(...claims, ...(mended?.written ?? []));
      return { written, deleted: [], taken: [], mended: mended?.of ?? [] };
    },
  };
}
