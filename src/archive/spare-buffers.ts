/**
 * Pieces of memory that are used again and again: the system hands out each new megabyte page by page, which costs as much
 * as copying it.
 */
export class SpareBuffers {
  readonly #standardBytes: number;
  readonly #spare: Buffer[] = [];

  /** @param standardBytes what is kept; larger pieces are made when they are needed and then let go. */
  constructor(standardBytes: number) {
    this.#standardBytes = standardBytes;
  }

  /** At least so many bytes, with whatever was in them. */
  take(bytes: number): Buffer {
    if (bytes > this.#standardBytes) return Buffer.allocUnsafeSlow(bytes);
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#standardBytes);
  }

  /** Nobody has a view of it any more. */
  giveBack(buffer: Buffer): void {
    if (buffer.length === this.#standardBytes) this.#spare.push(buffer);
  }
}
