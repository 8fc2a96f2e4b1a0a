import { port } from "../../src/api/names.ts";
import type { TestedCluster } from "./jet-clusters.ts";

/** What one member said of itself at one moment. */
export interface HealthSample {
  readonly pod: string;
  readonly uid: string;
  /** When it was asked and when it had answered, in milliseconds of the clock. */
  readonly askedAt: number;
  readonly answeredAt: number;
  /** At work, all backups in place, nothing migrating. */
  readonly safe: boolean;
  /** How many members it sees. */
  readonly size: number;
}

export interface HealthSampler {
  /** Ends the sampling. @returns all samples in the order of their answers. */
  stop(): Promise<readonly HealthSample[]>;
}

interface Health {
  readonly nodeState: string;
  readonly clusterSafe: boolean;
  readonly migrationQueueSize: number;
  readonly clusterSize: number;
}

const everyMillis = 150;

/** Asks each member of the cluster again and again until it is stopped; who does not answer leaves no sample. */
export function sampleHealth(cluster: TestedCluster): HealthSampler {
  const samples: HealthSample[] = [];
  const asked = new Map<string, Promise<void>>();
  let stopped = false;
  const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

  const follow = async (pod: string, uid: string): Promise<void> => {
    const path = `${cluster.at("pods", `${pod}:${port.member}`)}/proxy/hazelcast/health`;
    while (!stopped && asked.has(uid)) {
      const askedAt = Date.now();
      const health = await cluster.api.request("GET", path).catch(() => undefined);
      // Another pod of this name may have answered.
      if (health && asked.has(uid)) {
        samples.push({ pod, uid, askedAt, answeredAt: Date.now(), ...read(health as Health) });
      }
      await pause(Math.max(0, askedAt + everyMillis - Date.now()));
    }
  };
  const watchPods = async (): Promise<void> => {
    while (!stopped) {
      const pods = await cluster.pods().catch(() => []);
      const now = new Set(pods.map(({ metadata }) => metadata.uid));
      for (const uid of asked.keys()) if (!now.has(uid)) asked.delete(uid);
      for (const { metadata, status } of pods) {
        if (asked.has(metadata.uid) || status.podIP === undefined) continue;
        asked.set(metadata.uid, Promise.resolve());
        asked.set(metadata.uid, follow(metadata.name, metadata.uid));
      }
      await pause(500);
    }
  };
  const watching = watchPods();
  return {
    async stop() {
      stopped = true;
      await watching;
      await Promise.all(asked.values());
      return samples;
    },
  };
}

function read({ nodeState, clusterSafe, migrationQueueSize, clusterSize }: Health) {
  return { safe: nodeState === "ACTIVE" && clusterSafe && migrationQueueSize === 0, size: clusterSize };
}
