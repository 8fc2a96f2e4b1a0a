import { printable } from "../command/text.ts";
import { ArchiveRefusedError } from "../refusal.ts";

/** Why the work did not end well, for status: a refusal begins with its word, which docs/troubleshooting.md explains. */
export function lastWordsOf(error: unknown): string {
  const text = printable(error instanceof Error ? error.message : String(error));
  return error instanceof ArchiveRefusedError ? `${error.reason}: ${text}` : text;
}
