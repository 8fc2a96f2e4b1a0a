import { askProtocol } from "./protocol-questions.ts";
import { askRest } from "./rest-questions.ts";
import { askLeaving, askRestart, askStates } from "./state-questions.ts";
import type { Behaviour, Target } from "./target.ts";

export interface Choice {
  /** Also let the last member leave, which is then gone. */
  readonly leave: boolean;
}

/** Asks everything, in one order: each question finds the cluster as the one before it left it. */
export async function behaviourOf(target: Target, { leave }: Choice): Promise<Behaviour> {
  return {
    ...(await askRest(target)),
    ...(await askProtocol(target)),
    ...(await askStates(target)),
    ...(target.restart ? await askRestart(target, target.restart) : {}),
    ...(leave ? await askLeaving(target) : {}),
  };
}

export interface Difference {
  readonly question: string;
  readonly of: readonly [string, string];
}

/** Questions that both were asked and answered differently. */
export function differences(one: Behaviour, other: Behaviour): Difference[] {
  return Object.entries(one).flatMap(([question, said]) => {
    const also = other[question];
    return also === undefined || also === said ? [] : [{ question, of: [said, also] as const }];
  });
}
