import { annotation } from "../../api/names.ts";
import type { Gate } from "./gates.ts";

/** What must hold before anything at all is decided about a cluster. */

export const notPaused: Gate = ({ cluster }) => {
  if (cluster.metadata.annotations?.[annotation.paused] !== "true") return undefined;
  return {
    check: "Paused",
    observed: `annotation ${annotation.paused} is true`,
    needed: "no such annotation",
    remedy: `kubectl annotate jetcluster ${cluster.metadata.name} ${annotation.paused}-`,
  };
};

export const namesFree: Gate = ({ namesTaken }) => {
  if (namesTaken.length === 0) return undefined;
  return {
    check: "NameTaken",
    observed: `${namesTaken.join(", ")} belongs to somebody else`,
    needed: "these names free, or owned by this JetCluster",
    remedy: "rename this JetCluster, or remove the other object",
  };
};

export const ledgerReadable: Gate = ({ statefulSet }) => {
  if (statefulSet?.ledger.kind !== "tooNew") return undefined;
  return {
    check: "LedgerTooNew",
    observed: `ledger version ${statefulSet.ledger.version}`,
    needed: "a version that this operator knows",
    remedy: "run the newer operator again: it wrote what this one cannot read",
  };
};

export const statefulSetStays: Gate = ({ statefulSet }) => {
  if (!statefulSet?.deleting) return undefined;
  return {
    check: "StatefulSetDeleting",
    observed: "the StatefulSet is being deleted",
    needed: "it is gone, so that it can be made again",
    remedy: "wait: it is made again at its size as soon as it has gone",
  };
};
