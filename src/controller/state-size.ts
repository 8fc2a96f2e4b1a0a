import type { JetCluster } from "../api/jet-cluster.ts";
import { port } from "../api/names.ts";
import type { KnownMember } from "../core/evidence/observation.ts";
import { isNews, type StateFacts, stateSizeOf } from "../core/evidence/state-size.ts";
import { hostOf } from "../core/evidence/views.ts";
import type { MapFigureSource } from "../engine/map-figures.ts";

/**
 * How much a stop would have to save, asked of the members seldom, and only while the cluster is whole and at rest. What is
 * answered stays the same until it has changed by much: status does not move with every entry. No pass waits for an answer.
 */
export interface StateSizeSource {
  /** @returns what was answered last; undefined where no archive is wanted, and before anything was answered */
  observe(key: string, question: SizeQuestion): StateFacts | undefined;
  forget(key: string): void;
  /** Ends what is being asked. */
  stop(): void;
}

interface SizeQuestion {
  readonly cluster: JetCluster;
  /** What the members call their cluster now. */
  readonly clusterName: string;
  /** All of a whole cluster at rest; none: nothing is asked now. */
  readonly members: readonly KnownMember[];
}

/** Each question makes three lines in every member's log: soon again while there is little to go by, and then seldom. */
const firstMillis = 60_000;
const everyMillis = 600_000;

interface Look {
  readonly at: number;
  /** Milliseconds that it stands for. */
  readonly stands: number;
  /** Another spec counts other maps. */
  readonly generation: number | undefined;
  readonly facts: StateFacts;
}

/**
 * @param now milliseconds of a clock that only goes forward
 * @param changed told when there is another answer
 */
export function createStateSizeSource(
  figures: MapFigureSource,
  now: () => number,
  changed: (key: string) => void,
): StateSizeSource {
  const looks = new Map<string, Look>();
  const asking = new Map<string, AbortController>();
  const forget = (key: string) => {
    looks.delete(key);
    asking.get(key)?.abort();
    asking.delete(key);
  };
  const begin = async (key: string, question: SizeQuestion) => {
    const mine = new AbortController();
    asking.set(key, mine);
    const found = await ask(figures, question, mine.signal);
    if (asking.get(key) !== mine) return;
    asking.delete(key);
    const before = looks.get(key);
    const facts = newer(before?.facts, found);
    const { generation } = question.cluster.metadata;
    const stands = before && found.known ? Math.min(everyMillis, 2 * before.stands) : firstMillis;
    looks.set(key, { at: now(), stands, generation, facts });
    if (facts !== before?.facts) changed(key);
  };
  return {
    observe(key, question) {
      const { cluster, members } = question;
      if (cluster.spec.losslessRestart.mode !== "Archive") {
        forget(key);
        return undefined;
      }
      const last = looks.get(key);
      const due = members.length > 0 && !asking.has(key) && !(last && isFresh(last, cluster, now()));
      if (due) void begin(key, question);
      return last?.facts;
    },
    forget,
    stop() {
      for (const key of [...asking.keys()]) forget(key);
    },
  };
}

/** An answer that was not had takes nothing back. */
function newer(last: StateFacts | undefined, found: StateFacts): StateFacts {
  if (!last?.known) return found;
  return found.known && isNews(last, found) ? found : last;
}

function isFresh({ at, stands, generation }: Look, { metadata }: JetCluster, now: number): boolean {
  return generation === metadata.generation && now - at < stands;
}

async function ask(
  figures: MapFigureSource,
  { cluster, clusterName, members }: SizeQuestion,
  signal: AbortSignal,
): Promise<StateFacts> {
  const asked = members.flatMap(({ uuid, view }) => {
    const own = view.find((member) => member.uuid === uuid);
    return own ? [{ address: { host: hostOf(own.address), port: port.member }, clusterName }] : [];
  });
  const answer = await figures.read(asked, signal);
  return answer.known ? { known: true, ...stateSizeOf(answer.value, cluster.spec) } : answer;
}
