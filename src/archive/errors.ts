/** What is wrong with an archive, always with the file's path first. Trying again cannot help: the bytes are what they are. */
export class ArchiveError extends Error {
  readonly file: string;

  constructor(file: string, problem: string, options: { cause?: unknown } = {}) {
    super(`${file}: ${problem}`, options);
    this.name = new.target.name;
    this.file = file;
  }
}

/** Bytes that are not what a writer wrote: flipped, cut off, or too many. */
export class DamagedFileError extends ArchiveError {
  /** Where in the file, in bytes from its start. */
  readonly offset: number;
  readonly found: string;
  readonly expected: string;

  constructor(file: string, at: { offset: number; found: string; expected: string }) {
    super(file, `damaged at byte ${at.offset}: found ${at.found}, expected ${at.expected}`);
    this.offset = at.offset;
    this.found = at.found;
    this.expected = at.expected;
  }
}

/** A whole file, but not the one that was asked for: of another generation, map or cluster. */
export class WrongFileError extends ArchiveError {
  readonly found: string;
  readonly expected: string;

  constructor(file: string, what: string, is: { found: string; expected: string }) {
    super(file, `${what} is ${is.found}, expected ${is.expected}`);
    this.found = is.found;
    this.expected = is.expected;
  }
}

/** Written by a version of the operator whose format this one does not know. */
export class UnknownFormatError extends ArchiveError {
  readonly version: number;

  constructor(file: string, version: number, known: number) {
    super(
      file,
      `format version ${version} is not known; this operator reads version ${known}: use the one that wrote it`,
    );
    this.version = version;
  }
}

/** The operating system said no: no space, read-only, no such file. */
class ArchiveIoError extends ArchiveError {
  /** Code of the operating system, e.g. `ENOSPC`; empty when it gave none. */
  readonly code: string;

  constructor(file: string, action: "cannot be read" | "cannot be written", cause: unknown) {
    super(file, `${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.code = String((cause as { code?: unknown } | null)?.code ?? "");
  }
}

/** @returns the error as it is when it already names a file, else as ArchiveIoError of this file. */
export function ioError(file: string, action: "cannot be read" | "cannot be written", error: unknown): ArchiveError {
  return error instanceof ArchiveError ? error : new ArchiveIoError(file, action, error);
}
