import { join } from "node:path";
import { apiDocsOutputs } from "./generate/api-docs.ts";
import { crdOutputs } from "./generate/crd.ts";
import { staleFiles, write } from "./generate/files.ts";
import { manifestOutputs } from "./generate/manifests.ts";
import type { Output } from "./generate/output.ts";

/** Everything in the repository that is made. The manifests come last: they are rendered from what the others write. */
const outputs: readonly Output[] = [...crdOutputs, ...apiDocsOutputs, ...manifestOutputs];
const top = join(import.meta.dirname, "..");

const check = process.argv.includes("--check");
const unknown = process.argv.slice(2).filter((argument) => argument !== "--check");
if (unknown.length > 0) {
  console.error(`generate: "${unknown.join(" ")}" is not known; accepted is --check, or nothing`);
  process.exit(2);
}
for (const stale of await staleFiles(outputs, top)) {
  if (check) {
    console.error(`${stale.file} ${stale.why}: run npm run generate`);
    process.exitCode = 1;
  } else {
    write(stale, top);
    console.log(`${stale.file}: written`);
  }
}
