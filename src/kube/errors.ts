/** The API server's answer to a request that failed: `kind: Status`. */
export interface Status {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly kind?: string;
    readonly name?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly field?: string; readonly message?: string }[];
  };
}

export interface ErrorOptions {
  readonly retryAfterMillis?: number | undefined;
  readonly cause?: unknown;
}

/** The API server said no. Subclasses name the meanings that callers act on. */
export class ApiError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** Machine-readable reason of the Status, e.g. `NotFound`; empty when the answer was no Status. */
  readonly reason: string;
  readonly details: Status["details"];
  /** The server's own sentence, cut to a thousand characters. */
  readonly said: string;
  /** What the server asked to wait. */
  readonly retryAfterMillis: number | undefined;

  constructor(request: string, status: number, body: Status, options: ErrorOptions = {}) {
    const reason = body.reason ?? "";
    const message = (body.message ?? "").slice(0, messageLimit);
    const said = [reason, message].filter((text) => text !== "").join(": ");
    super(`${request}: ${status}${said === "" ? "" : ` ${said}`}`, { cause: options.cause });
    this.name = new.target.name;
    this.status = status;
    this.reason = reason;
    this.details = body.details;
    this.said = message;
    this.retryAfterMillis = options.retryAfterMillis;
  }

  /** The same request may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

const messageLimit = 1_000;

export class NotFoundError extends ApiError {}
export class AlreadyExistsError extends ApiError {}
/** The object is not the one, or not the version, that the request was made from. */
export class ConflictError extends ApiError {}
/** The object as it would be is refused: schema, CEL, immutable fields, or a failed `test` of a JSON patch. */
export class InvalidError extends ApiError {}
export class ForbiddenError extends ApiError {}
export class UnauthorizedError extends ApiError {}
/** The version to go on from is no longer kept: list again. */
export class GoneError extends ApiError {}
export class TooManyRequestsError extends ApiError {}

/**
 * The server will not have what it was asked to write, and asking again helps only once somebody has changed something: a
 * missing right, a quota, an admission policy or webhook (also one that does not answer), a schema. Conflicts, failed
 * `test`s of a patch (seen on 1.34: 422 whose details name no kind) and "try later" are none.
 */
export function isRefusal(error: unknown): error is ApiError {
  if (!(error instanceof ApiError) || error instanceof ConflictError) return false;
  if (error instanceof InvalidError) return error.details?.kind !== undefined;
  if (error.status === 500) return error.said.includes("failed calling webhook");
  return [400, 403, 413].includes(error.status);
}

/** No answer, or only part of one. Whether a write was carried out is unknown. */
export class TransportError extends Error {
  /** Code of the operating system or of undici, e.g. `ECONNREFUSED`. */
  readonly code: string;
  /** True when the request cannot have reached the server. */
  readonly notSent: boolean;

  constructor(request: string, cause: unknown) {
    const code = codeOf(cause);
    const said = cause instanceof Error ? cause.message : String(cause);
    super(`${request}: ${code === "" || said.includes(code) ? said : `${code} ${said}`}`, { cause });
    this.name = "TransportError";
    this.code = code;
    this.notSent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(code);
  }
}

/** The answer did not come within the time given for it. Whether a write was carried out is unknown. */
export class DeadlineError extends TransportError {
  constructor(request: string, millis: number) {
    super(request, Object.assign(new Error(`no answer within ${millis / 1000} s`), { code: "DEADLINE" }));
    this.name = "DeadlineError";
  }
}

/** The lease may be somebody else's: the write was not sent. */
export class NotLeaderError extends Error {
  constructor(request: string) {
    super(`${request}: not sent, this process does not lead`);
    this.name = "NotLeaderError";
  }
}

/** The class that an answer's meaning asks for. */
export function apiError(request: string, status: number, body: Status, options: ErrorOptions = {}): ApiError {
  const Meaning = isAboutAnotherObject(status, body) ? ConflictError : meaningOf(status, body.reason ?? "");
  return new Meaning(request, status, body, options);
}

/**
 * An apply that names another uid than the live object's is answered with 422 "metadata.uid: field is immutable" (seen
 * on 1.34; 409 when there is no object at all). Both mean: not the object that the request was made from.
 */
function isAboutAnotherObject(status: number, { details }: Status): boolean {
  const causes = details?.causes ?? [];
  return status === 422 && causes.length > 0 && causes.every((cause) => cause.field === "metadata.uid");
}

function meaningOf(status: number, reason: string): typeof ApiError {
  switch (status) {
    case 401:
      return UnauthorizedError;
    case 403:
      return ForbiddenError;
    case 404:
      return NotFoundError;
    case 409:
      return reason === "AlreadyExists" ? AlreadyExistsError : ConflictError;
    case 410:
      return GoneError;
    case 422:
      return InvalidError;
    case 429:
      return TooManyRequestsError;
    default:
      return ApiError;
  }
}

function codeOf(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause) {
    const { code } = error as { code?: unknown };
    if (typeof code === "string" && code !== "") return code;
  }
  return "";
}
