/** Names of fields whose value is never logged, whatever it is. */
const secretName =
  /pass(word|phrase)?$|token|secret(?!(key)?ref|s?name)|authorization|cookie|licen[cs]e-?_?key(?!secret)|private-?_?key|credential/i;

/** Secrets that can stand anywhere in a text: in an error of the API server, in a URL. */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[redacted private key]"],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, "[redacted token]"],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}/gi, "$1 [redacted]"],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s:@]+:[^/\s@]+@/gi, "$1[redacted]@"],
  // Hazelcast licence: name of the product, options and a signature separated by #.
  [/\b[A-Za-z0-9_-]+(#[A-Za-z0-9_-]+){2,}/g, "[redacted licence]"],
];

const limits = { text: 8_192, depth: 6, entries: 100 };

/** A text without the secrets that are known by their shape, cut at 8 KB. */
export function redactText(text: string): string {
  const short = text.length > limits.text ? `${text.slice(0, limits.text)}… (${text.length} characters)` : text;
  return secretTexts.reduce((result, [pattern, instead]) => result.replace(pattern, instead), short);
}

/**
 * Plain data that is safe to log: secrets replaced, errors with their causes, long and deep values cut, cycles ended.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (depth >= limits.depth) return "[deeper]";
  if (value instanceof Error) return errorFields(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (Array.isArray(value)) return value.slice(0, limits.entries).map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, limits.entries)
      .map(([name, inner]) => [name, secretName.test(name) && inner ? "[redacted]" : redact(inner, depth + 1)]),
  );
}

/** No stack for the errors that say what they are; `cause` tells what was underneath. */
function errorFields(error: Error, depth: number): Record<string, unknown> {
  const own = Object.fromEntries(
    Object.entries(error).filter(([name]) => !["name", "message", "stack"].includes(name)),
  );
  return {
    name: error.name,
    message: redactText(error.message),
    ...(isUnexpected(error) && { stack: redactText(error.stack ?? "") }),
    ...(error.cause !== undefined && { cause: redact(error.cause, depth + 1) }),
    ...(redact(own, depth + 1) as Record<string, unknown>),
  };
}

/** Faults of the program rather than of the world: only for these does the stack help. */
function isUnexpected(error: Error): boolean {
  return ["Error", "TypeError", "ReferenceError", "RangeError", "SyntaxError", "AssertionError"].includes(error.name);
}
