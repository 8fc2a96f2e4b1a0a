import { z } from "zod";
import { sizeText, timeText } from "./amounts.ts";

const amount = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** As the Job's program tells it; a later version may tell more. */
const progress = z.object({
  /** What it does now, in its own words: `copying`, `reading back`, `restoring`. */
  step: z.string().regex(/^[a-z][a-z ]{0,31}$/),
  entries: amount,
  entriesTotal: amount,
  /** Of keys and values, so far. */
  bytes: amount,
  bytesPerSecond: amount,
  /** Absent before the first entry. */
  millisLeft: amount.optional(),
});

export type ArchiveProgress = z.output<typeof progress>;

/** How far the Job that saves or restores is; a known undefined while it has not begun with any entry. */
export type ProgressFacts =
  | { readonly known: true; readonly progress: ArchiveProgress | undefined }
  | { readonly known: false; readonly reason: string };

/** @returns not known for anything but what the Job's program writes. */
export function readProgress(text: string): ProgressFacts {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { known: false, reason: "Malformed: not JSON" };
  }
  if (z.strictObject({}).safeParse(json).success) return { known: true, progress: undefined };
  const parsed = progress.safeParse(json);
  if (parsed.success) return { known: true, progress: parsed.data };
  return { known: false, reason: `Malformed: ${parsed.error.issues[0]?.path.join(".") || "answer"}` };
}

/** Seconds until this step is done, by the entries that are left of it. */
export function secondsLeft({ millisLeft }: ArchiveProgress): number | undefined {
  return millisLeft === undefined ? undefined : Math.ceil(millisLeft / 1_000);
}

/** In one sentence; undefined where there is nothing to tell. */
export function progressText(facts: ProgressFacts | undefined): string | undefined {
  if (!facts) return undefined;
  if (!facts.known) return `how far it is is not known (${facts.reason})`;
  if (!facts.progress) return undefined;
  const { step, entries, entriesTotal, bytes, bytesPerSecond } = facts.progress;
  const left = secondsLeft(facts.progress);
  const rest = left === undefined ? "" : `, about ${timeText(left)} left`;
  return `${step}: ${entries} of ${entriesTotal} entries, ${sizeText(bytes)}, ${sizeText(bytesPerSecond)}/s${rest}`;
}
