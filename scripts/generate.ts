import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apiDocsOutputs } from "./generate/api-docs.ts";
import { crdOutputs } from "./generate/crd.ts";
import { manifestOutputs } from "./generate/manifests.ts";
import type { Output } from "./generate/output.ts";

/** Everything in the repository that is made. The manifests come last: they are rendered from what the others write. */
const outputs: readonly Output[] = [...crdOutputs, ...apiDocsOutputs, ...manifestOutputs];
const top = join(import.meta.dirname, "..");

function current(file: string): string | undefined {
  try {
    return readFileSync(join(top, file), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function write(file: string, content: string): void {
  mkdirSync(dirname(join(top, file)), { recursive: true });
  writeFileSync(join(top, file), content);
  console.log(`${file}: written`);
}

const check = process.argv.includes("--check");
const unknown = process.argv.slice(2).filter((argument) => argument !== "--check");
if (unknown.length > 0) {
  console.error(`generate: "${unknown.join(" ")}" is not known; accepted is --check, or nothing`);
  process.exit(2);
}
for (const { file, content } of outputs) {
  const wanted = await content();
  const found = current(file);
  if (found === wanted) continue;
  if (!check) write(file, wanted);
  else {
    console.error(`${file} ${found === undefined ? "is missing" : "is not current"}: run npm run generate`);
    process.exitCode = 1;
  }
}
