/**
 * What a member said, or that nothing usable was heard. An unknown answer is no evidence of anything: never of a dead
 * member, never of a lost job. `reason` is `Word: detail`, short and safe to show.
 */
export type Answer<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly reason: string };

/**
 * First words of reasons. NoAnswer: nobody answered in time. NotEnabled: the member closed without a word, as the engine
 * does for what is switched off. Malformed: an answer that cannot be taken for the engine's. Refused: the engine, or our
 * own rule about addresses, said no.
 */
export type Why = "NoAnswer" | "NotEnabled" | "Malformed" | "Refused";

export function known<T>(value: T): Answer<T> {
  return { known: true, value };
}

export function unknown(why: Why, detail: string): Answer<never> {
  return { known: false, reason: `${why}: ${detail}` };
}

const excerptLimit = 200;
/** Long runs of token-like characters with a digit in them (class names have none), and what follows a word that names a secret. */
const secrets =
  /(password|passwd|secret|token|credential|authorization|bearer|licen[cs]e|api-?key)(["'\s:=]+)[^\s"',;&]+|(?=[a-z+/_=-]*\d)[a-z0-9+/_=-]{24,}/gi;

/** At most 200 printable characters of a foreign text, secrets blacked out: all that may go from an answer into a reason. */
export function excerpt(text: string): string {
  const printable = text.slice(0, 4 * excerptLimit).replace(/[^\x21-\x7e]+/g, " ");
  const redacted = printable.replace(secrets, (_, word: string | undefined, gap: string | undefined) =>
    word === undefined ? "[redacted]" : `${word}${gap ?? ""}[redacted]`,
  );
  const trimmed = redacted.trim();
  return trimmed.length > excerptLimit ? `${trimmed.slice(0, excerptLimit - 3)}...` : trimmed;
}
