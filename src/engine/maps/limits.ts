import type { ChannelLimits } from "../protocol/channel.ts";

/** Bounds of a copy. Memory does not depend on how much is copied. */
export interface CopyLimits extends ChannelLimits {
  /** About the size of one batch of entries that is read, and of one request that is written. */
  readonly batchBytes: number;
  readonly requestBytes: number;
  /** Writes on their way at once, over all members. */
  readonly requestsInFlight: number;
  /** All that a writer holds, collected and on its way. */
  readonly bufferBytes: number;
}

export const defaultCopyLimits: CopyLimits = {
  connectMillis: 5_000,
  idleMillis: 60_000,
  batchBytes: 1024 * 1024,
  requestBytes: 128 * 1024,
  requestsInFlight: 32,
  bufferBytes: 32 * 1024 * 1024,
  answerBytes: 64 * 1024 * 1024,
};
