import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Output } from "./output.ts";

/** A made file whose content in the repository differs from what would be made. */
export interface Stale {
  readonly file: string;
  readonly wanted: string;
  readonly why: "is missing" | "is not current";
}

/** @param top Directory that the files' paths begin at. */
export async function staleFiles(outputs: readonly Output[], top: string): Promise<Stale[]> {
  const stale: Stale[] = [];
  for (const { file, content } of outputs) {
    const wanted = await content();
    const found = current(join(top, file));
    if (found !== wanted) stale.push({ file, wanted, why: found === undefined ? "is missing" : "is not current" });
  }
  return stale;
}

export function write(stale: Stale, top: string): void {
  const path = join(top, stale.file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, stale.wanted);
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
