import { ArchiveError } from "../errors.ts";
import { findGeneration } from "../generations.ts";
import { restoreCluster } from "../restore.ts";
import { verifyGeneration } from "../verify.ts";
import { checkVolume } from "../volume.ts";
import type { RestoreTask } from "./arguments.ts";
import type { Saved, SaveOptions } from "./save-work.ts";

/** Files that are read at once. */
const streams = 4;

/**
 * Takes exactly the archive that was noted when it was saved, reads all of it before anything is written, and fills the
 * cluster with it. May be repeated after a failure at any point. Starts no job.
 * @throws ArchiveError, ArchiveRefusedError, ClusterNotWholeError, EngineError, MalformedError, NoAnswerError
 */
export async function restore(task: RestoreTask, { access, health, signal }: SaveOptions): Promise<Saved> {
  const { directory, nonce, digest } = task;
  await checkVolume(directory, task.owner);
  const generation = await findGeneration(directory, { number: task.generation, nonce, digest });
  const { manifest } = generation;
  const files = await verifyGeneration(generation, manifest, { signal });
  const bad = files.find(({ problem }) => problem !== undefined);
  if (bad) throw new ArchiveError(`${generation.directory}/${bad.path}`, bad.problem ?? "");
  health.ready();
  await restoreCluster({ cluster: access, streams, signal, onProgress: health.progress }, generation);
  const sum = (count: "entries" | "bytes") => manifest.maps.reduce((all, map) => all + map[count], 0);
  return {
    ...{ generation: generation.number, nonce, digest },
    clusterId: manifest.cluster.id,
    version: manifest.engine.version,
    ...{ entries: sum("entries"), bytes: sum("bytes"), jobs: manifest.jobs.length },
  };
}
