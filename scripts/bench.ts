import process from "node:process";
import { benchArchive } from "./bench/archive.ts";

/** `npm run bench -- archive [--directory=…] [--megabytes=…]`: what a part of the product can do on this machine. */
const benches: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = { archive: benchArchive };

const [name = "", ...argv] = process.argv.slice(2);
const bench = benches[name];
if (!bench) {
  console.error(`bench "${name}": ${Object.keys(benches).join(", ")} is accepted`);
  process.exit(2);
}
await bench(argv);
