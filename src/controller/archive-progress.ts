import { port } from "../api/names.ts";
import type { ArchiveWork } from "../core/evidence/archive.ts";
import { type ProgressFacts, readProgress } from "../core/evidence/archive-progress.ts";
import { type AddressPolicy, podAddresses } from "../engine/addresses.ts";
import { exchange, type HttpLimits } from "../engine/http-exchange.ts";

/**
 * How far the Job that saves or restores is, asked of its pod. An answer stands for ten seconds: what moves with it in
 * status is not written more often. Nothing is asked, and no connection is left, where nobody saves or restores.
 */
export interface ProgressSource {
  /** Never throws. @returns undefined where there is nobody to ask */
  observe(key: string, work: ArchiveWork | undefined, signal: AbortSignal): Promise<ProgressFacts | undefined>;
  forget(key: string): void;
}

export interface ProgressOptions {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Default: pod addresses, loopback refused. */
  readonly addresses?: AddressPolicy;
  readonly limits?: Partial<HttpLimits>;
  readonly port?: number;
}

const standsMillis = 10_000;
/** That nothing has begun yet moves nothing in status. */
const idleMillis = 1_000;

const defaultLimits: HttpLimits = {
  connectMillis: 2_000,
  totalMillis: 4_000,
  bodyBytes: 4 * 1024,
  headerBytes: 4 * 1024,
};

interface Look {
  readonly uid: string;
  readonly at: number;
  readonly facts: ProgressFacts;
}

export function createProgressSource(options: ProgressOptions): ProgressSource {
  const looks = new Map<string, Look>();
  const ask = asker(options);
  return {
    async observe(key, work, signal) {
      const host = work && hostOf(work);
      if (!work || host === undefined) {
        looks.delete(key);
        return undefined;
      }
      const at = options.now();
      const last = looks.get(key);
      if (last?.uid === work.uid && at - last.at < standsFor(last)) return last.facts;
      const facts = await ask(host, signal);
      looks.set(key, { uid: work.uid, at, facts });
      return facts;
    },
    forget: (key) => void looks.delete(key),
  };
}

function standsFor({ facts }: Look): number {
  return facts.known && !facts.progress ? idleMillis : standsMillis;
}

/** One that is over tells all in its last words. */
function hostOf({ address, phase, deleting }: ArchiveWork): string | undefined {
  return deleting || phase === "Succeeded" || phase === "Failed" ? undefined : address;
}

function asker({ addresses = podAddresses(), limits, port: asked = port.archiveHealth }: ProgressOptions) {
  const bounds = { ...defaultLimits, ...limits };
  return async (host: string, signal: AbortSignal): Promise<ProgressFacts> => {
    const address = { host, port: asked };
    const refusal = addresses.refusal(address);
    if (refusal) return { known: false, reason: `Refused: ${refusal} is never asked` };
    const reply = await exchange(address, { method: "GET", path: "/progress" }, bounds, signal);
    if (!reply.known) return reply;
    const { status, body } = reply.value;
    if (status !== 200) return { known: false, reason: `Malformed: status ${status}` };
    return readProgress(Buffer.from(body).toString("utf8"));
  };
}
