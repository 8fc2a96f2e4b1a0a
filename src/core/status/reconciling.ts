import { type Assessment, explain, type Verdict } from "./assessment.ts";

/** Abnormal-true (kstatus): the operator is working towards the spec, or waits for something that ends by itself. */
export function reconciling(a: Assessment): Verdict {
  const type = "Reconciling";
  if (a.step.kind === "effect") return { type, status: "True", reason: "Acting", message: `${a.step.says}.` };
  if (a.step.kind === "wait") return { type, status: "True", reason: a.step.for.check, message: explain(a.step.for) };
  if (a.step.kind === "blocked") {
    return { type, status: "False", reason: "Blocked", message: "Held up: see Stalled and status.blockedBy." };
  }
  return { type, status: "False", reason: "Settled", message: "The cluster is as the spec wants it." };
}
