import type { JetCluster } from "../../api/jet-cluster.ts";
import type { Observation } from "../evidence/observation.ts";
import { neededOf } from "../evidence/quorum.ts";
import { type View, type Views, viewsOf } from "../evidence/views.ts";
import type { Ledger } from "../ledger.ts";
import { ledgerOf } from "../plan/evidence.ts";
import { underRefusals } from "../plan/refused.ts";
import type { Step, Unmet } from "../plan/step.ts";

/** What every condition is computed from: the observation, what the planner made of it, and a few facts used by several. */
export interface Assessment {
  readonly observation: Observation;
  readonly cluster: JetCluster;
  /** What the planner wants; blocked where the API server would not take it. */
  readonly step: Step;
  readonly ledger: Ledger | undefined;
  readonly views: Views;
  /** Members of the largest view of members that answered. */
  readonly live: number;
  readonly quorum: { readonly base: number; readonly needed: number } | undefined;
  /** What holds the cluster up now, waited for or blocked. */
  readonly unmet: readonly Unmet[];
}

export interface Verdict {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export function assess(observation: Observation, planned: Step): Assessment {
  const { step, unmet } = underRefusals(observation, planned);
  const ledger = ledgerOf(observation);
  const views = viewsOf(observation);
  return {
    observation,
    cluster: observation.cluster,
    step,
    ledger,
    views,
    live: largest(views)?.members.length ?? 0,
    quorum: quorumOf(ledger, observation.cluster),
    unmet,
  };
}

/** Without a ledger status goes on saying what it said: it is the last place that remembers Q. */
function quorumOf(ledger: Ledger | undefined, cluster: JetCluster): Assessment["quorum"] {
  const base = ledger?.quorumBase ?? cluster.status?.quorum?.base;
  return base === undefined ? undefined : { base, needed: neededOf(base) };
}

export function largest(views: Views): View | undefined {
  return views.views[0];
}

/** `observed; needed …; remedy` as one sentence for a message. */
export function explain(unmet: Unmet): string {
  return `${unmet.observed}. Needed: ${unmet.needed}. ${capital(unmet.remedy)}.`;
}

/** A command stays as it is to be typed. */
function capital(text: string): string {
  if (text.startsWith("kubectl ")) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
