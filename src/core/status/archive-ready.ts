import { numberOf } from "../desired/quantity.ts";
import { sizeText, timeText } from "../evidence/amounts.ts";
import type { ArchiveFacts } from "../evidence/archive.ts";
import { neededRoom, type StateSize } from "../evidence/state-size.ts";
import type { Archive } from "../ledger.ts";
import type { Assessment, Verdict } from "./assessment.ts";

const type = "LosslessReady";

/** Whether a stop could save everything, by what the members say they hold. The Job finds out before a stop begins. */
export function archiveReady(a: Assessment): Verdict {
  const { archive, stateSize } = a.observation;
  const claim = archive?.claim;
  const last = a.ledger?.lastOperation;
  if (!claim || claim.deleting) {
    const message = claim ? `The claim ${claim.name} is being deleted.` : "There is no claim for archives yet.";
    return { type, status: "False", reason: "ArchiveVolumeMissing", message };
  }
  if (last?.kind === "Stop" && last.result === "Abandoned" && last.message !== undefined) {
    return { type, status: "False", reason: "SaveFailed", message: `The last save failed: ${last.message}.` };
  }
  const before = stateSize ? undefined : saidBefore(a);
  if (before) return before;
  const size = stateSize?.known ? stateSize : undefined;
  const lacking = size && (roomLacking(a, claim, size) ?? mapsLacking(size));
  if (lacking) return lacking;
  const message = [`A stop saves ${amount(a)} to the claim ${claim.name}.`, ...howLong(a.ledger?.archive, size)].join(
    " ",
  );
  return { type, status: "True", reason: "ArchiveVolume", message };
}

const bySize = ["ArchiveVolume", "ArchiveVolumeTooSmall", "MapsNotArchived"];

/** An operator that has just begun and not asked the members yet takes nothing back of what the last one said. */
function saidBefore({ cluster }: Assessment): Verdict | undefined {
  const said = cluster.status?.conditions?.find((condition) => condition.type === type);
  if (!said || said.observedGeneration !== cluster.metadata.generation || !bySize.includes(said.reason))
    return undefined;
  return { type, status: said.status, reason: said.reason, message: said.message };
}

function amount({ observation: { stateSize } }: Assessment): string {
  if (!stateSize) return "the state of jobs and the maps";
  if (stateSize.known) return `about ${sizeText(stateSize.bytes)}`;
  return `the state of jobs and the maps (how much is not known: ${stateSize.reason})`;
}

/** By what the claim has; one that is not bound yet may be given more than it asks for. */
function roomLacking(a: Assessment, claim: NonNullable<ArchiveFacts["claim"]>, size: StateSize): Verdict | undefined {
  const capacity = numberOf(claim.capacity ?? claim.requested ?? "");
  const keep = a.cluster.spec.losslessRestart.archive?.keep ?? 1;
  const needed = neededRoom(size, keep, a.ledger?.archive);
  if (capacity === undefined || needed <= capacity) return undefined;
  const message = `The claim ${claim.name} has ${sizeText(capacity)}; ${keep + 1} archives (keep, and the one that is written) of about ${sizeText(needed / (keep + 1))} need ${sizeText(needed)}. Make spec.losslessRestart.archive.storage.size larger, keep fewer, or leave maps out (archive.maps.exclude).`;
  return { type, status: "False", reason: "ArchiveVolumeTooSmall", message };
}

const namedAtMost = 10;

function mapsLacking({ lacking }: StateSize): Verdict | undefined {
  if (lacking.length === 0) return undefined;
  const names = lacking.slice(0, namedAtMost).map(({ name, reason }) => `${name} (${reason})`);
  const more = lacking.length > namedAtMost ? ` and ${lacking.length - namedAtMost} more` : "";
  const message = `These maps cannot be archived: ${names.join(", ")}${more}. A stop goes on without them; name them in spec.losslessRestart.archive.maps.exclude when that is as it should be.`;
  return { type, status: "False", reason: "MapsNotArchived", message };
}

/** By how fast this very volume was, the last time. */
function howLong(last: Archive | undefined, size: StateSize | undefined): string[] {
  const rate = last && rateOf(last);
  if (!last || !rate) return [];
  const before = `The last archive of ${sizeText(last.bytes)} was copied and read back in ${timeText((last.millis ?? 0) / 1_000)} (${sizeText(rate)}/s)`;
  if (!size) return [`${before}.`];
  return [
    `${before}: the next stop stands still for about ${timeText(size.bytes / rate)}, beside the jobs' last snapshots and the end of the pods.`,
  ];
}

/** Bytes of keys and values a second, written and read back; undefined where that was not measured. */
export function rateOf({ bytes, millis }: Archive): number | undefined {
  return millis === undefined || millis === 0 ? undefined : Math.round((1_000 * bytes) / millis);
}
