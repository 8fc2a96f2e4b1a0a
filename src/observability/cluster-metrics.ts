import { Gauge, type Registry } from "prom-client";
import type { ClusterFacts } from "./cluster-facts.ts";

export interface ClusterMetrics {
  /** Replaces what is exported about this cluster. */
  record(facts: ClusterFacts): void;
  /** The cluster is gone, and all its series with it. */
  forget(namespace: string, name: string): void;
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** One exported metric: its own labels beside namespace and name, and its samples of one cluster. */
interface Measure {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (facts: ClusterFacts, nowMillis: number) => readonly Sample[];
}

/** States of the engine (`com.hazelcast.cluster.ClusterState`); members that disagree, or say another one, are `Other`. */
const states = ["ACTIVE", "NO_MIGRATION", "FROZEN", "PASSIVE", "IN_TRANSITION"];
const statuses = ["True", "False", "Unknown"];

const one = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : [[{}, value]]);
const oneHot = (label: string, values: readonly string[], chosen: string, more: Record<string, string> = {}) =>
  values.map((value): Sample => [{ ...more, [label]: value }, value === chosen ? 1 : 0]);

const measures: readonly Measure[] = [
  measure("info", "1; the engine's version as a label.", (c) => [[{ version: c.version }, 1]], ["version"]),
  measure("members_wanted", "Members asked for by the StatefulSet.", (c) => one(c.membersWanted)),
  measure("members_ready", "Members whose pod is Ready.", (c) => one(c.membersReady)),
  measure("views", "Distinct member lists that members hold: 1 is right, 0 is no answer.", (c) => one(c.views)),
  measure("state", "The engine's cluster state, 1 at the one it has.", stateSamples, ["state"]),
  measure("quorum_base", "Size that the quorum is taken of.", (c) => one(c.quorum?.base)),
  measure("quorum_needed", "Members needed for jobs to go on.", (c) => one(c.quorum?.needed)),
  measure("quorum_live", "Members in the largest view.", (c) => one(c.quorum?.live)),
  measure("quorum_margin", "Members that may be lost before jobs may no longer go on; negative = lost.", (c) =>
    one(c.quorum && c.quorum.live - c.quorum.needed),
  ),
  measure("operation_age_seconds", "Time since the operation going on began.", operationSamples, ["operation"]),
  measure("archive_progress", "Share of the entries of an archive that is saved or restored.", progressSamples, [
    "step",
  ]),
  measure("archive_bytes", "Keys and values in the newest verified archive.", (c) => one(c.archive?.bytes)),
  measure("archive_saved_timestamp_seconds", "When the newest archive was verified.", (c) =>
    one(c.archive && c.archive.savedAtMillis / 1_000),
  ),
  measure("archive_seconds", "How long it took to copy the newest archive and to read it back.", (c) =>
    one(c.archive?.seconds),
  ),
  measure("condition", "Conditions of the status, 1 at the status each has.", conditionSamples, [
    "condition",
    "status",
  ]),
  measure("blocked", "1 for each check that holds the cluster up.", (c) => c.blockedBy.map((check) => [{ check }, 1]), [
    "check",
  ]),
  measure(
    "jobs",
    "Streaming jobs by their status.",
    (c) => Object.entries(c.jobs).map(([status, n]) => [{ status }, n]),
    ["status"],
  ),
  measure(
    "job_snapshots",
    "Jobs with large state by whether their snapshots hold all of it.",
    (c) => Object.entries(c.snapshots).map(([state, n]) => [{ state }, n]),
    ["state"],
  ),
  measure("job_snapshot_entries", "Jobs whose snapshots lack entries: how many were emitted, and stored.", entries, [
    "job",
    "kind",
  ]),
];

/**
 * `jetcluster_*`, labels namespace and name. Each scrape is computed from the latest facts, so that nothing of a former
 * state or of a deleted cluster stays behind.
 * @param now milliseconds since the epoch, for ages.
 */
export function createClusterMetrics(registry: Registry, now: () => number): ClusterMetrics {
  const clusters = new Map<string, ClusterFacts>();
  for (const { name, help, labels, samples } of measures) {
    new Gauge({
      name,
      help,
      labelNames: ["namespace", "name", ...labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const facts of clusters.values()) {
          const { namespace, name: cluster } = facts;
          for (const [own, value] of samples(facts, now())) this.set({ namespace, name: cluster, ...own }, value);
        }
      },
    });
  }
  return {
    record: (facts) => void clusters.set(`${facts.namespace}/${facts.name}`, facts),
    forget: (namespace, name) => void clusters.delete(`${namespace}/${name}`),
  };
}

function measure(name: string, help: string, samples: Measure["samples"], labels: readonly string[] = []): Measure {
  return { name: `jetcluster_${name}`, help, labels, samples };
}

function stateSamples({ clusterState }: ClusterFacts): readonly Sample[] {
  if (clusterState === undefined) return [];
  return oneHot("state", [...states, "Other"], states.includes(clusterState) ? clusterState : "Other");
}

function operationSamples({ operation }: ClusterFacts, nowMillis: number): readonly Sample[] {
  if (!operation) return [];
  return [[{ operation: operation.kind }, Math.max(0, (nowMillis - operation.startedAtMillis) / 1_000)]];
}

function progressSamples({ progress }: ClusterFacts): readonly Sample[] {
  if (!progress) return [];
  const { step, entries: done, entriesTotal } = progress;
  return [[{ step }, entriesTotal === 0 ? 1 : Math.min(1, done / entriesTotal)]];
}

function entries({ incomplete }: ClusterFacts): readonly Sample[] {
  return incomplete.flatMap(({ job, emitted, stored }): Sample[] => [
    [{ job, kind: "emitted" }, emitted],
    [{ job, kind: "stored" }, stored],
  ]);
}

function conditionSamples({ conditions }: ClusterFacts): readonly Sample[] {
  return conditions.flatMap(({ type, status }) => oneHot("status", statuses, status, { condition: type }));
}
