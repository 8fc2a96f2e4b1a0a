import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

const compressBytes = promisify(zstdCompress);
const decompressBytes = promisify(zstdDecompress);

/** The fastest of zstd's ordinary levels; what others gain and cost is in docs/decisions/0020-archive-format.md. */
const level = 1;

/** Off the main thread. */
export function compress(raw: Buffer): Promise<Buffer> {
  return compressBytes(raw, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    // One piece: the most that zstd makes of it.
    chunkSize: compressBound(raw.length),
  });
}

/** @throws Error when the bytes are no zstd frame, or more than `rawBytes` come of them. */
export function decompress(stored: Buffer, rawBytes: number): Promise<Buffer> {
  return decompressBytes(stored, { chunkSize: Math.max(rawBytes, 64), maxOutputLength: Math.max(rawBytes, 1) });
}

/** Of zstd.h: the most that compressing so many bytes can give, and some room for the last, empty, call. */
function compressBound(rawBytes: number): number {
  return rawBytes + Math.floor(rawBytes / 256) + 1_024;
}
