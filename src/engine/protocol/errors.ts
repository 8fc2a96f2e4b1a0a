/** Bytes that cannot be what they should be: a broken peer, or a layout we do not know. Trying again does not help. */
export class MalformedError extends Error {}

/** The engine's own exception, as it comes over the wire. */
export class EngineError extends Error {
  /** Simple name of the Java class, such as `JobNotFoundException`. */
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The conversation ended before an answer came: refused, closed, too late, given up. */
export class NoAnswerError extends Error {}

/** The same error, with where it came from before its words: a member where several are asked, a map where several are copied. */
export function located(where: string, error: unknown): unknown {
  if (error instanceof EngineError) return new EngineError(error.kind, `${where}: ${error.message}`);
  if (error instanceof MalformedError) return new MalformedError(`${where}: ${error.message}`);
  if (error instanceof NoAnswerError) return new NoAnswerError(`${where}: ${error.message}`);
  return error;
}
