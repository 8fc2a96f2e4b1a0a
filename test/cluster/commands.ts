import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Progress } from "./binaries.ts";
import { down, status, up } from "./cluster.ts";
import { binary } from "./control-plane.ts";
import { adminKubeconfig, stateDirectory } from "./paths.ts";

const usage = `npm run cluster -- up [--nodes 1|2]   start a throw-away Kubernetes, or what of it does not run
npm run cluster -- down [--purge]      stop it; --purge also removes its state
npm run cluster -- status              what of it runs
npm run cluster -- kubectl ARGUMENTS   kubectl as its administrator`;

/** Bad input: only the message is for the reader. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

const commands: Readonly<Record<string, (args: readonly string[], progress: Progress) => Promise<number>>> = {
  async up(args, progress) {
    await up({ nodes: nodesOption(args) }, progress);
    progress("the cluster is up; look around with: npm run cluster -- kubectl get pods -A");
    return 0;
  },
  async down(args, progress) {
    const unknown = args.find((arg) => arg !== "--purge");
    if (unknown !== undefined) throw new UsageError(`down: "${unknown}" is not known; accepted is --purge`);
    await down({ purge: args.includes("--purge") }, progress);
    progress("the cluster is down");
    return 0;
  },
  async status() {
    const parts = status();
    for (const { node, component, pid } of parts)
      console.log(`${node}  ${component.padEnd(24)} ${pid ?? "does not run"}`);
    console.log(`logs: ${stateDirectory}/*/logs`);
    return parts.every(({ pid }) => pid !== undefined) ? 0 : 1;
  },
  kubectl: (args) => kubectl(args),
};

function nodesOption(args: readonly string[]): 1 | 2 {
  const [option, value, ...rest] = args.flatMap((arg) => arg.split("="));
  if (option === undefined) return 1;
  if (option !== "--nodes" || rest.length > 0)
    throw new UsageError(`up: "${args.join(" ")}" is not known; accepted is --nodes 1 or --nodes 2`);
  if (value !== "1" && value !== "2") throw new UsageError(`--nodes is "${value ?? ""}"; accepted are 1 and 2`);
  return value === "2" ? 2 : 1;
}

function kubectl(args: readonly string[]): Promise<number> {
  if (!existsSync(adminKubeconfig)) throw new UsageError("there is no cluster yet: npm run cluster -- up");
  const child = spawn(binary("kubectl"), ["--kubeconfig", adminKubeconfig, ...args], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

function secondsSinceNow(): Progress {
  const began = Date.now();
  return (line) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

/**
 * Runs one command line of `npm run cluster --`. @returns the exit code. @throws UsageError for one that is not known,
 * before anything is done.
 */
export async function runCommand([name = "", ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command)
    throw new UsageError(`${name === "" ? "a command is missing" : `"${name}" is not a command`}\n${usage}`);
  return command(args, secondsSinceNow());
}
