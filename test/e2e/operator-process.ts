import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { userKubeconfig } from "../cluster/certificates.ts";
import { Hopeless, until } from "../cluster/run.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const leadMillis = 60_000;
/** Characters of its log that are kept. */
const logLength = 10_000;

/** The operator outside of the cluster, as a process that can be killed at any moment. */
export interface OperatorProcess {
  /** SIGKILL; answers when it has ended. */
  kill(): Promise<void>;
  /** What it said last. */
  log(): string;
}

/**
 * Runs the operator from the sources for one namespace, as `user` of the API server with all rights. Its lease is short,
 * so that its successor need not wait long for that of one that was killed.
 * @param more further flags, without their dashes.
 * @throws Error with its log when it does not lead in a minute.
 */
export async function startOperatorProcess(
  user: string,
  namespace: string,
  more: Readonly<Record<string, string>> = {},
): Promise<OperatorProcess> {
  const kubeconfig = await userKubeconfig(user, ["system:masters"]);
  const options = {
    ...{ kubeconfig, "watch-namespaces": namespace, "pod-name": user, "pod-namespace": namespace },
    ...{ "leader-election-lease-duration": "3s", "leader-election-renew-deadline": "2s" },
    ...{ "leader-election-retry-period": "500ms", "log-format": "text" },
    ...{ "metrics-bind-address": "127.0.0.1:0", "health-bind-address": "127.0.0.1:0" },
    ...more,
  };
  const argv = [main, ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  const endWithTests = () => void child.kill("SIGKILL");
  process.once("exit", endWithTests);
  let said = "";
  let leads = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-logLength);
    leads ||= said.includes(" leading ");
  });
  const running: OperatorProcess = {
    async kill() {
      child.kill("SIGKILL");
      await ended;
      process.off("exit", endWithTests);
    },
    log: () => said,
  };
  const isLeading = () => {
    if (child.exitCode !== null) throw new Hopeless(`it ended with ${child.exitCode}`);
    return Promise.resolve(leads ? true : undefined);
  };
  try {
    await until("the operator to lead", isLeading, { timeoutMillis: leadMillis });
  } catch (error) {
    await running.kill();
    throw new Error(`${String(error)}\n${said}`, { cause: error });
  }
  return running;
}
