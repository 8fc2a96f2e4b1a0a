import { childNames } from "../../api/names.ts";
import type { Gate } from "./gates.ts";

/** The claim that archives lie on. It need not be bound before a pod asks for it; made anew it would be empty. */
export const archiveVolumeThere: Gate = ({ archive, cluster }) => {
  const { claim } = archive ?? {};
  if (claim && !claim.deleting) return undefined;
  const name = childNames(cluster.metadata.name).archiveClaim;
  return {
    check: "ArchiveVolumeMissing",
    observed: `the claim ${name} is ${claim ? "being deleted" : "not there"}`,
    needed: "the archive's volume",
    remedy: "bring the claim back with its volume, or from a backup of it; nothing is started or wiped meanwhile",
  };
};
