import type { JetClusterStatus } from "../../api/jet-cluster.ts";
import { statusLimit } from "../../api/limits.ts";
import { annotation } from "../../api/names.ts";
import { outdatedPods } from "../plan/outdated.ts";
import type { Assessment } from "./assessment.ts";
import { cut } from "./text.ts";

type Pending = Pick<JetClusterStatus, "pendingTemplate">;

const asked = `with the next change of the spec, or by the annotation ${annotation.restartAt}`;

/** Principle: a template that nobody asked for, and pods that have an earlier one, wait for the user's next change or restart-at. */
export function pendingTemplateOf(a: Assessment): Pending {
  const { statefulSet, specHash, templateHash } = a.observation;
  if (!statefulSet?.templateHash) return {};
  if (statefulSet.templateHash === templateHash) return earlierPodsOf(a, templateHash);
  const own = statefulSet.specHash === specHash;
  const reason = own
    ? `this operator makes other pods than its predecessor; applied ${asked}`
    : "the spec asks for other pods";
  return { pendingTemplate: { hash: templateHash, reason } };
}

/** Pods that a StatefulSet made anew has adopted, or that a roll whose ledger was lost has left. A roll under way says so itself. */
function earlierPodsOf({ ledger, observation }: Assessment, hash: string): Pending {
  const replaces = ledger === undefined || ledger.formedSize === undefined || ledger.operation?.kind === "Roll";
  const outdated = outdatedPods(observation);
  if (replaces || outdated.length === 0) return {};
  const names = outdated.map((pod) => pod.name).sort();
  const reason = `${outdated.length} of ${observation.pods.length} pods were made from an earlier template (${names.join(", ")}); replaced ${asked}`;
  return { pendingTemplate: { hash, reason: cut(reason, statusLimit.text) } };
}
