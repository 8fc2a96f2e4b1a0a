import { rmSync } from "node:fs";
import { join } from "node:path";
import { bundleOperator } from "./bundle.ts";

const directory = join(import.meta.dirname, "../dist");
rmSync(directory, { recursive: true, force: true });
const bytes = await bundleOperator(directory);
console.log(`dist: ${(bytes / 1e6).toFixed(1)} MB`);
