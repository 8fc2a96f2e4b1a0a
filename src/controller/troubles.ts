import type { CoreV1Event } from "@kubernetes/client-node";
import type { Trouble } from "../core/evidence/observation.ts";
import type { KubeClient } from "../kube/client.ts";
import { ApiError, TransportError } from "../kube/errors.ts";
import { resources } from "../kube/objects.ts";

/** What is wanting in a namespace: names. */
export interface Wanting {
  readonly namespace: string;
  /** The StatefulSet whose controller makes the pods. */
  readonly statefulSet: string;
  readonly pods: readonly string[];
  /** Claims without a volume. */
  readonly claims: readonly string[];
}

/**
 * Why pods are not made and claims not bound stands in events alone. They are read only while something has been wanting
 * for a while, and then seldom: nothing is asked of the API server at rest.
 */
export interface TroubleSource {
  /** @returns nothing also where events may not be read. */
  observe(key: string, wanting: Wanting, signal: AbortSignal): Promise<readonly Trouble[]>;
  forget(key: string): void;
}

/** A pod is normally made, and a volume bound, within this time. */
const patienceMillis = 10_000;
const everyMillis = 20_000;
/** Claims of one template have the same trouble. */
const claimsAtMost = 3;
/** An event is repeated under one name; a cluster in trouble has a few. */
const eventsAtMost = 200;
const messageLimit = 500;

interface Look {
  readonly since: number;
  readonly askedAt: number | undefined;
  readonly troubles: readonly Trouble[];
}

/** @param now milliseconds of a clock that only goes forward. */
export function createTroubleSource(client: KubeClient, now: () => number): TroubleSource {
  const looks = new Map<string, Look>();
  return {
    async observe(key, wanting, signal) {
      if (wanting.pods.length + wanting.claims.length === 0) {
        looks.delete(key);
        return [];
      }
      const at = now();
      const last = looks.get(key) ?? { since: at, askedAt: undefined, troubles: [] };
      const isDue = at - last.since >= patienceMillis && at - (last.askedAt ?? -everyMillis) >= everyMillis;
      const look = isDue ? { ...last, askedAt: at, troubles: await ask(client, wanting, signal) } : last;
      looks.set(key, look);
      return look.troubles.filter(({ object }) => namesOf(wanting).includes(object));
    },
    forget: (key) => void looks.delete(key),
  };
}

function namesOf({ pods, claims }: Wanting): string[] {
  return [...pods.map((name) => `Pod/${name}`), ...claims.map((name) => `PersistentVolumeClaim/${name}`)];
}

async function ask(client: KubeClient, wanting: Wanting, signal: AbortSignal): Promise<Trouble[]> {
  const troubles: Trouble[] = [];
  try {
    if (wanting.pods.length > 0) {
      const events = await eventsOf(client, wanting.namespace, "StatefulSet", wanting.statefulSet, signal);
      troubles.push(...wanting.pods.flatMap((pod) => whyNotMade(pod, events)));
    }
    for (const claim of wanting.claims.slice(0, claimsAtMost)) {
      const events = await eventsOf(client, wanting.namespace, "PersistentVolumeClaim", claim, signal);
      const last = events[0];
      if (last?.type === "Warning") troubles.push({ object: `PersistentVolumeClaim/${claim}`, says: told(last) });
    }
  } catch (error) {
    // An explanation less: neither a missing right nor a busy API server may fail the pass for it.
    if (!(error instanceof ApiError || error instanceof TransportError)) throw error;
  }
  return troubles;
}

/** Newest first. */
async function eventsOf(
  client: KubeClient,
  namespace: string,
  kind: string,
  name: string,
  signal: AbortSignal,
): Promise<CoreV1Event[]> {
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const query = { namespace, fieldSelector, limit: eventsAtMost };
  const { items } = await client.list<CoreV1Event>(resources.events, query, { signal });
  return [...items].sort((a, b) => timeOf(b) - timeOf(a));
}

/** What the StatefulSet's controller said last of this pod, or of its claim. A success since then takes it back. */
function whyNotMade(pod: string, events: readonly CoreV1Event[]): Trouble[] {
  const last = events.find(({ message }) => / Pod (\S+) in StatefulSet /.exec(message ?? "")?.[1] === pod);
  return last?.type === "Warning" ? [{ object: `Pod/${pod}`, says: told(last) }] : [];
}

function told({ reason, message }: CoreV1Event): string {
  const cause = (message ?? "").replace(/^.* failed error: /s, "");
  return `${reason}: ${cause.slice(0, messageLimit)}`;
}

function timeOf({ lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return Date.parse(String(lastTimestamp ?? eventTime ?? metadata.creationTimestamp));
}
