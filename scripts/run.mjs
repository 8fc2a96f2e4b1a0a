// First step of every npm script that must work in a fresh clone: plain JavaScript without dependencies, for whatever
// Node the machine has. Installs the npm packages (among them the Node that the project runs on) and hands over.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
const tasks = {
  demo: "scripts/demo.ts",
  cluster: "test/cluster/main.ts",
  conformance: "test/conformance/main.ts",
  check: "scripts/check.ts",
  bench: "scripts/bench.ts",
  test: "scripts/test.ts",
  "test:full": "scripts/test.ts",
  "test:unit": "scripts/test.ts",
  "test:sim": "scripts/test.ts",
  "test:integration": "scripts/test.ts",
  "test:e2e": "scripts/test.ts",
};

function fail(message) {
  console.error(message);
  process.exit(2);
}

function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const mark = join(root, "node_modules", ".installed-from");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return;
  console.log("Installing npm packages (about a minute) …");
  const result = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
  });
  if (result.error) fail(`npm is needed and could not be started: ${result.error.message}`);
  if (result.status !== 0) fail("npm ci failed: see above");
  writeFileSync(mark, lock);
}

function nodeProgram() {
  const own = join(root, "node_modules", ".bin", "node");
  if (existsSync(own) && spawnSync(own, ["--version"]).status === 0) return own;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  return fail(`Node 22.19 or newer is needed, this is ${process.version}; on Linux x64 npm installs one by itself`);
}

const [name = "", ...rest] = process.argv.slice(2);
const task = tasks[name];
if (!task) fail(`unknown task "${name}"; there are ${Object.keys(tasks).join(", ")}`);
if (process.platform !== "linux") fail(`Linux is needed, this is ${process.platform}`);
installPackages();
const argv = task === "scripts/test.ts" ? [name, ...rest] : rest;
const child = spawn(nodeProgram(), [join(root, task), ...argv], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PATH: `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH}` },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
