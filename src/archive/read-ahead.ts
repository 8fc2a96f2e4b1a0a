export interface PendingBlock {
  /** Size, unpacked. */
  readonly rawBytes: number;
  readonly raw: Promise<Buffer>;
}

export interface BlockSource<Block extends PendingBlock> {
  /** Size of the next block, unpacked; undefined after the last. */
  readonly nextBytes: number | undefined;
  /** Reads the next block. One call at a time. */
  next(): Promise<Block>;
}

/** The blocks in order. While the caller has one block, the next are read and unpacked, within `limit` bytes. */
export async function* readAhead<Block extends PendingBlock>(
  source: BlockSource<Block>,
  limit: number,
): AsyncGenerator<Block, void, void> {
  const ahead = new Ahead(source, limit);
  try {
    for (;;) {
      const block = await ahead.take();
      if (!block) return;
      yield block;
    }
  } finally {
    await ahead.stop();
  }
}

class Ahead<Block extends PendingBlock> {
  readonly #source: BlockSource<Block>;
  readonly #limit: number;
  readonly #blocks: Block[] = [];
  #bytes = 0;
  /** At most one read at a time; never rejects. */
  #reading: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #stopped = false;

  constructor(source: BlockSource<Block>, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  /** @returns undefined after the last block. */
  async take(): Promise<Block | undefined> {
    for (;;) {
      this.#readMore();
      const block = this.#blocks.shift();
      if (block) {
        await block.raw;
        this.#bytes -= block.rawBytes;
        this.#readMore();
        return block;
      }
      if (this.#failure) throw this.#failure.error;
      if (!this.#reading) return undefined;
      await this.#reading;
    }
  }

  /** Nothing is read or unpacked any more when this resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#reading;
    await Promise.allSettled(this.#blocks.map((block) => block.raw));
  }

  #readMore(): void {
    if (this.#reading || this.#failure || this.#stopped) return;
    const next = this.#source.nextBytes;
    if (next === undefined || (this.#bytes > 0 && this.#bytes + next > this.#limit)) return;
    this.#reading = this.#readOne().finally(() => {
      this.#reading = undefined;
      this.#readMore();
    });
  }

  async #readOne(): Promise<void> {
    try {
      const block = await this.#source.next();
      this.#blocks.push(block);
      this.#bytes += block.rawBytes;
    } catch (error) {
      this.#failure = { error };
    }
  }
}
