import { openGeneration } from "../keep-generation.ts";
import { Meter } from "../progress.ts";
import { restoreCluster } from "../restore.ts";
import type { RestoreTask } from "./arguments.ts";
import { resultOf, type Saved, type SaveOptions, totalOf } from "./save-work.ts";

/** Files that are read at once. */
const streams = 4;

/**
 * Takes exactly the archive that was noted when it was saved, reads all of it before anything is written, and fills the
 * cluster with it. May be repeated after a failure at any point. Starts no job.
 * @throws ArchiveError, ArchiveRefusedError, ClusterNotWholeError, EngineError, MalformedError, NoAnswerError
 */
export async function restore(task: RestoreTask, { access, health, signal }: SaveOptions): Promise<Saved> {
  const { directory, owner, nonce, digest, mostQuorum } = task;
  const noted = { number: task.generation, nonce, digest };
  const began = performance.now();
  let meter: Meter | undefined;
  const generation = await openGeneration({ directory, owner }, noted, {
    signal,
    onFound: (manifest) => {
      meter = new Meter("reading back", totalOf(manifest, "entries"), health.progress);
    },
    onBlock: (counts) => meter?.add(counts),
  });
  health.ready();
  const lowered = mostQuorum === undefined ? {} : { mostQuorum };
  await restoreCluster({ cluster: access, streams, signal, onProgress: health.progress, ...lowered }, generation);
  return resultOf({ ...noted, manifest: generation.manifest }, began);
}
