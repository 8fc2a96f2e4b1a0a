import type { KubeConfig } from "@kubernetes/client-node";
import type { Registry } from "prom-client";
import { operatorVersion } from "./config/version.ts";
import type { Config } from "./config.ts";
import { createProgressSource } from "./controller/archive-progress.ts";
import { allCaches, cacheOf, createCaches } from "./controller/caches.ts";
import { createChildren } from "./controller/children.ts";
import { createEngineCommands } from "./controller/engine-commands.ts";
import { guardCommands } from "./controller/guard-commands.ts";
import { createJobSource } from "./controller/jobs.ts";
import { createMemberSource } from "./controller/members.ts";
import { createObserver } from "./controller/observer.ts";
import { createReconciler } from "./controller/reconciler.ts";
import { createRefusals } from "./controller/refusals.ts";
import { createSnapshotSource } from "./controller/snapshots.ts";
import { createStateSizeSource } from "./controller/state-size.ts";
import { createTakenNames } from "./controller/taken-names.ts";
import { createTroubleSource } from "./controller/troubles.ts";
import type { DesiredContext } from "./core/desired/context.ts";
import { templateHash } from "./core/desired/pod-template.ts";
import { restartHash, specHash } from "./core/desired/spec-hash.ts";
import { createEngineJobs } from "./engine/jobs.ts";
import { createMapFigures } from "./engine/map-figures.ts";
import { createEngineRest } from "./engine/rest.ts";
import { createKubeClient, type KubeClient } from "./kube/client.ts";
import { type Controller, createController } from "./kube/controller.ts";
import { ForbiddenError, NotFoundError } from "./kube/errors.ts";
import { createEventRecorder } from "./kube/events.ts";
import { createExpectations } from "./kube/expectations.ts";
import { guardWrites } from "./kube/guard.ts";
import { createLeaderElection } from "./kube/leader-election.ts";
import { type KubeObject, resources } from "./kube/objects.ts";
import { backgroundPriority, livePriority } from "./kube/workqueue.ts";
import { clusterFacts } from "./observability/cluster-facts.ts";
import type { Logger } from "./observability/logger.ts";
import { createMetrics } from "./observability/metrics.ts";

export interface OperatorOptions {
  readonly config: Config;
  readonly kubeConfig: KubeConfig;
  /** Unique for this process. */
  readonly identity: string;
  readonly logger: Logger;
  readonly registry: Registry;
}

export interface Operator {
  /** Works until the signal aborts. @throws when the lease is lost: the process must end then. */
  run(signal: AbortSignal): Promise<void>;
  /** Every cache has been filled once. */
  readonly synced: () => boolean;
}

/** A pass asks members, each with a deadline of 10 s, and makes a few writes. */
const passDeadlineMillis = 60_000;
/** What the last writes may still take after the signal. */
const drainMillis = 5_000;

/** Everything the controller is made of, put together. */
export function createOperator(options: OperatorOptions): Operator {
  const { config, logger, identity } = options;
  const metrics = createMetrics(options.registry, {
    controller: "jetcluster",
    workers: config.workers,
    unfinished: () => controller.unfinished(),
    leaseName: config.leaderElection.name,
    apiServer: new URL(options.kubeConfig.getCurrentCluster()?.server ?? "https://unknown").host,
    version: operatorVersion,
    now: Date.now,
  });
  const unguarded = createKubeClient({
    config: options.kubeConfig,
    userAgent: `jet-operator/${operatorVersion}`,
    observer: metrics.requests,
  });
  const election = createLeaderElection(unguarded, {
    ...config.leaderElection,
    identity,
    leaseMillis: config.leaderElection.leaseDurationMillis,
    renewDeadlineMillis: config.leaderElection.renewDeadlineMillis,
    retryMillis: config.leaderElection.retryPeriodMillis,
  });
  const client = guardWrites(unguarded, () => election.mayWrite());
  const caches = createCaches({
    client,
    namespaces: config.watchNamespaces,
    onChange: (key, initial) => controller.enqueue(key, { priority: initial ? backgroundPriority : livePriority }),
    observer: metrics.reflectors,
  });
  const events = createEventRecorder({ client, component: "jet-operator", instance: identity });
  const desired = desiredOf(config);
  const takenNames = createTakenNames();
  const refusals = createRefusals((key, refusal) => logger.warn("refused by the API server", { key, ...refusal }));
  const rest = createEngineRest();
  const jobs = createEngineJobs();
  const snapshots = createSnapshotSource(jobs, Date.now, (key) => controller.enqueue(key, { priority: livePriority }));
  const stateSize = createStateSizeSource(
    createMapFigures(),
    () => performance.now(),
    (key) => controller.enqueue(key, { priority: livePriority }),
  );
  const observer = createObserver({
    caches,
    members: createMemberSource(rest, () => performance.now()),
    jobs: createJobSource(jobs, snapshots, () => performance.now()),
    namespaceTerminating: (namespace, signal) => isTerminating(client, namespace, signal),
    ...{ takenNames, refusals },
    troubles: createTroubleSource(client, () => performance.now()),
    progress: createProgressSource({ now: () => performance.now() }),
    stateSize,
    hashes: (cluster, engine) => {
      const context: DesiredContext = { ...desired, cluster, engine, gate: "open", disruptionsAllowed: 0 };
      return { specHash: specHash(context), restartHash: restartHash(context), templateHash: templateHash(context) };
    },
    now: Date.now,
  });
  const reconcile = createReconciler({
    client,
    observer,
    engine: guardCommands(createEngineCommands(rest, jobs), () => election.mayWrite()),
    children: createChildren(client, caches),
    ...{ takenNames, refusals },
    expectations: createExpectations((written) => cacheOf(caches, written)),
    events,
    desired,
    onActed: (key, effect, says) => logger.info(says, { key, effect }),
    onObserved(key, seen) {
      const [namespace = "", name = ""] = key.split("/");
      if (seen) metrics.clusters.record(clusterFacts(seen.observation.cluster, seen.status));
      else metrics.clusters.forget(namespace, name);
    },
  });
  const controller: Controller = createController({
    reconcile,
    workers: config.workers,
    deadlineMillis: passDeadlineMillis,
    onError: (key, error) => logger.error("a pass failed and will be tried again", { key, error }),
    observer: metrics.controller,
  });

  return {
    synced: () => allCaches(caches).every((cache) => cache.hasSynced),
    async run(signal) {
      const stop = AbortSignal.any([signal, election.lost]);
      const following = Promise.all(allCaches(caches).map((cache) => cache.run(stop)));
      await Promise.all(allCaches(caches).map((cache) => cache.synced(stop)));
      logger.info("caches filled; waiting to lead", { lease: config.leaderElection.name });
      await election.lead(stop);
      metrics.leading(true);
      logger.info("leading", { identity });
      await controller.run(stop);
      snapshots.stop();
      stateSize.stop();
      metrics.leading(false);
      if (election.lost.aborted) throw election.lost.reason;
      await events.drain(AbortSignal.timeout(drainMillis));
      await election.release();
      await following;
    },
  };
}

/** @returns false also where it may not be asked: then the deletion's own deadline ends the wait. */
async function isTerminating(client: KubeClient, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    const ref = { resource: resources.namespaces, name };
    return (await client.get<KubeObject>(ref, { signal })).metadata.deletionTimestamp !== undefined;
  } catch (error) {
    if (error instanceof ForbiddenError || error instanceof NotFoundError) return false;
    throw error;
  }
}

function desiredOf(config: Config): Pick<DesiredContext, "operator" | "metricsClients" | "images" | "archiveImage"> {
  return {
    operator: { namespace: config.pod.namespace, podLabels: config.pod.labels },
    metricsClients: config.metricsClients,
    images: config.engineImages,
    archiveImage: config.archiveImage,
  };
}
