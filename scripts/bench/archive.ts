import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type FilesResult, measureFiles } from "./archive-files.ts";
import { entryPool } from "./entries.ts";

const valueSizes = [100, 1_000, 100_000];

/**
 * How fast archives are written and read, as ratios within one run: to a plain sequential file on the same volume, which
 * is what the volume gives, and so does not depend on the machine.
 */
export async function benchArchive(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      directory: { type: "string", default: tmpdir() },
      megabytes: { type: "string", default: "256" },
      rounds: { type: "string", default: "3" },
    },
  });
  const [bytes, rounds] = [number("megabytes", values.megabytes) * 1e6, number("rounds", values.rounds)];
  const directory = mkdtempSync(join(values.directory, "bench-archive-"));
  try {
    console.log(
      `${bytes / 1e6} MB of entries a round, half of each value compressible, the median of ${rounds} rounds`,
    );
    console.log("value      write MB/s  plain  ratio    read MB/s  plain  ratio   on disk  CPU ms/MB write, read");
    for (const valueBytes of valueSizes) {
      console.log(line(valueBytes, await measureFiles(directory, entryPool(valueBytes), { bytes, rounds })));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function line(valueBytes: number, { write, read, compression }: FilesResult): string {
  const part = (speed: FilesResult["write"]) =>
    `${column(speed.megabytesPerSecond, 10)} ${column(speed.plainMegabytesPerSecond, 6)} ${speed.ratio.toFixed(2).padStart(6)}`;
  const cpu = `${write.cpuMillisPerMegabyte.toFixed(1)}, ${read.cpuMillisPerMegabyte.toFixed(1)}`;
  const stored = `${Math.round(100 * compression)} %`.padStart(9);
  return `${`${valueBytes} B`.padEnd(10)} ${part(write)} ${part(read)} ${stored}  ${cpu}`;
}

const column = (value: number, width: number) => String(Math.round(value)).padStart(width);

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} "${text}": a whole number of at least 1 is accepted`);
}
