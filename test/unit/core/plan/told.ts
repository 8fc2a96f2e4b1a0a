import type { Ledger } from "../../../../src/core/ledger.ts";
import type { Step } from "../../../../src/core/plan/step.ts";

/** A step in a word or two, for tables. */
export function told(step: Step): string {
  if (step.kind === "wait") return `wait ${step.for.check}`;
  if (step.kind === "blocked") return `blocked ${step.by.map((unmet) => unmet.check).join(" ")}`;
  if (step.kind === "done") return "done";
  const { effect } = step;
  switch (effect.kind) {
    case "Scale":
      return `Scale ${effect.from}→${effect.to} ${standing(effect.ledger)}`;
    case "CreateStatefulSet":
      return `Create ${effect.replicas} ${standing(effect.ledger)}`;
    case "WriteLedger":
    case "WriteTemplate":
      return `${effect.kind} ${standing(effect.ledger)}`;
    case "DeletePod":
    case "DeleteClaim":
      return `${effect.kind} ${effect.name}`;
    case "SuspendJob":
    case "ResumeJob":
      return `${effect.kind} ${effect.job}`;
    case "SetJobProtection":
      return `Protection ${effect.job} ${effect.protection}`;
    case "ChangeClusterState":
      return effect.to;
    case "CreateArchiveJob":
      return `CreateArchiveJob ${effect.task.does}`;
    default:
      return effect.kind;
  }
}

function standing({ operation, quorumBase, stopped: at0, formedSize }: Ledger): string {
  const where = operation ? `${operation.kind}/${operation.step}` : at0 ? "stopped" : `rest ${formedSize}`;
  return `${where} Q${quorumBase}`;
}
