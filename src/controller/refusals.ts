import type { Millis, Refusal } from "../core/evidence/observation.ts";
import { isRefusal } from "../kube/errors.ts";
import { StateRefused } from "./engine-commands.ts";

/** Pauses before a refused write is tried again, each twice the last. */
const firstPauseMillis = 2_000;
const longestPauseMillis = 60_000;

/** Children are written in every pass, an effect only in some: what one pass did not get to stays as it was. */
type Scope = "children" | "effect";

interface Seen {
  readonly now: Millis;
  /** Of the spec: after an edit everything is tried at once. */
  readonly generation: number | undefined;
}

interface Known extends Seen {
  readonly refusal: Refusal;
  readonly tries: number;
}

/** The writes of one pass. */
export interface Writes {
  /** @returns undefined where the API server, or the engine, refuses it, or did so a short time ago. @throws any other error. */
  attempt<T>(what: Omit<Refusal, "says">, write: () => Promise<T>): Promise<T | undefined>;
  /** What was refused, in this pass or a short time before. */
  refused(): readonly Refusal[];
  /** Keeps that for the next observation. @returns true when it is not what was known before. */
  end(): boolean;
}

/**
 * Writes that the API server refuses, and changes of state that the engine does, as the last pass found them. In memory only: found again after a restart. The next
 * observation has them, so that status says them; each is tried again with a back-off.
 */
export interface Refusals {
  of(key: string): readonly Refusal[];
  begin(key: string, scope: Scope, seen: Seen): Writes;
  forget(key: string): void;
}

export function createRefusals(onRefused: (key: string, refusal: Refusal) => void): Refusals {
  const byCluster = new Map<string, Record<Scope, readonly Known[]>>();
  const knownOf = (key: string) => byCluster.get(key) ?? { children: [], effect: [] };
  return {
    of: (key) => [...knownOf(key).children, ...knownOf(key).effect].map(({ refusal }) => refusal),
    begin(key, scope, seen) {
      const before = knownOf(key)[scope];
      const after: Known[] = [];
      return {
        async attempt(what, write) {
          const last = before.find(({ refusal }) => refusal.object === what.object && refusal.effect === what.effect);
          if (last && !isDue(last, seen)) {
            after.push(last);
            return undefined;
          }
          try {
            return await write();
          } catch (error) {
            if (!isRefusal(error) && !(error instanceof StateRefused)) throw error;
            const refusal = { ...what, says: error.said || error.message };
            if (refusal.says !== last?.refusal.says) onRefused(key, refusal);
            after.push({ ...seen, refusal, tries: (last?.tries ?? 0) + 1 });
            return undefined;
          }
        },
        refused: () => after.map(({ refusal }) => refusal),
        end() {
          const all = { ...knownOf(key), [scope]: after };
          if (all.children.length + all.effect.length === 0) byCluster.delete(key);
          else byCluster.set(key, all);
          return textOf(before) !== textOf(after);
        },
      };
    },
    forget: (key) => void byCluster.delete(key),
  };
}

function isDue(last: Known, seen: Seen): boolean {
  const pause = Math.min(firstPauseMillis * 2 ** (last.tries - 1), longestPauseMillis);
  return seen.generation !== last.generation || seen.now >= last.now + pause;
}

function textOf(known: readonly Known[]): string {
  return JSON.stringify(known.map(({ refusal }) => refusal));
}
