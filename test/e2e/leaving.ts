import { requestsOf } from "./api-requests.ts";
import type { HealthSample } from "./health-sampler.ts";
import type { TestedCluster } from "./jet-clusters.ts";

/** A write of the operator by which members leave. */
export interface Departure {
  /** When the API server had the write. */
  readonly at: number;
  readonly pods: readonly string[];
  /** When the kubelet took the last of these pods away for good; undefined while one is there. */
  readonly goneAt: number | undefined;
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** What the operator took away from a cluster since a time, from the API server's audit log, in order. */
export function departures(operator: string, { namespace, name }: TestedCluster, since: number): Departure[] {
  const gone = requestsOf("system:node:", since).filter(
    (request) => request.namespace === namespace && request.resource === "pods" && request.code === 200,
  );
  return requestsOf(operator, since)
    .filter((request) => request.namespace === namespace && (request.code ?? 500) < 300)
    .flatMap(({ verb, resource, name: object = "", at, body }) => {
      if (verb === "delete" && resource === "pods") return [{ at, pods: [object] }];
      if (verb !== "patch" || resource !== "statefulsets" || object !== name) return [];
      const [from, to] = scaled(body as readonly Operation[]);
      return from > to ? [{ at, pods: ordinals(to, from).map((ordinal) => `${name}-${ordinal}`) }] : [];
    })
    .map((leaving) => {
      const ends = leaving.pods.map((pod) => gone.find((end) => end.name === pod && end.at >= leaving.at)?.answeredAt);
      const goneAt = ends.reduce((a, b) => (a === undefined || b === undefined ? undefined : Math.max(a, b)));
      return { ...leaving, goneAt };
    });
}

const scaled = (patch: readonly Operation[]): [from: number, to: number] => {
  const value = (op: string) => patch.find((each) => each.op === op && each.path === "/spec/replicas")?.value;
  const from = Number(value("test") ?? 0);
  return [from, Number(value("replace") ?? from)];
};

const ordinals = (from: number, below: number) => Array.from({ length: below - from }, (_, index) => from + index);

/** A member counts as asked when it answered within this time before a step. */
const recentMillis = 5_000;

/**
 * What was wrong with these departures, a line each: two at once, one while a member said unsafe, or one before which not
 * every member was heard. Unsafe before and after the write: a member that became safe just before the operator looked
 * may have said otherwise a moment earlier.
 * @param size members before each of them, in order.
 */
export function wrongDepartures(
  all: readonly Departure[],
  samples: readonly HealthSample[],
  size: readonly number[],
): string[] {
  return all.flatMap(({ at, pods }, index) => {
    const earlier = all.slice(0, index);
    const before = earlier.at(-1);
    const step = `${pods.join(", ")} at ${new Date(at).toISOString()}`;
    const heard = samples
      .filter(({ answeredAt }) => answeredAt <= at && answeredAt > at - recentMillis)
      .filter((sample) => !earlier.some((departure) => hasLeft(sample, departure)));
    const asked = [...new Set(heard.map(({ uid }) => uid))];
    const unsafe = asked.filter((uid) => {
      const last = heard.findLast((sample) => sample.uid === uid);
      const next = samples.find((sample) => sample.uid === uid && sample.askedAt >= at);
      return last?.safe === false && next?.safe !== true;
    });
    return [
      ...(pods.length > 1 ? [`${step}: ${pods.length} at once`] : []),
      ...(before && (before.goneAt ?? Number.POSITIVE_INFINITY) > at ? [`${step}: ${before.pods[0]} was there`] : []),
      ...(asked.length < (size[index] ?? 0) ? [`${step}: only ${asked.length} of ${size[index]} members heard`] : []),
      ...unsafe.map((uid) => `${step}: ${heard.find((sample) => sample.uid === uid)?.pod} said unsafe`),
    ];
  });
}

const hasLeft = ({ pod, answeredAt }: HealthSample, { pods, goneAt = 0 }: Departure) =>
  pods.includes(pod) && answeredAt <= goneAt;

/**
 * Each time that one member saw more than one go between two of its answers, a line each.
 * @param all departures: who leaves sees all others go at once, and is not asked.
 */
export function goneTogether(samples: readonly HealthSample[], all: readonly Departure[]): string[] {
  const leaves = ({ pod, answeredAt }: HealthSample) =>
    all.some(({ pods, at, goneAt = 0 }) => pods.includes(pod) && answeredAt >= at && answeredAt <= goneAt);
  const last = new Map<string, HealthSample>();
  return samples
    .filter((sample) => !leaves(sample))
    .flatMap((sample) => {
      const before = last.get(sample.uid) ?? sample;
      last.set(sample.uid, sample);
      if (before.size - sample.size <= 1) return [];
      const time = (at: number) => new Date(at).toISOString();
      return [
        `${sample.pod} saw ${before.size} members at ${time(before.answeredAt)} and ${sample.size} at ${time(sample.answeredAt)}`,
      ];
    });
}
