import { runWork } from "../../../src/archive/work/work.ts";
import { podOrLoopbackAddresses } from "../../../src/engine/addresses.ts";
import { clusterName, type TestCluster } from "../engine/members.ts";
import { freePort } from "../free-port.ts";
import { addressesOf } from "./archives.ts";

export const nonce = "0123456789abcdef";

/** Files that the program writes to. */
export interface Places {
  readonly volume: string;
  readonly lastWords: string;
}

/** Begins what the operator's Job does, with its arguments, on a real cluster. */
export async function beginWork(
  does: "save" | "restore",
  cluster: TestCluster,
  { volume, lastWords }: Places,
  more: readonly string[],
) {
  const port = await freePort();
  const said: string[] = [];
  const ended = runWork(
    does,
    [
      ...[`--directory=${volume}`, "--namespace=shop", "--name=orders", `--nonce=${nonce}`, `--health-port=${port}`],
      ...[`--cluster-name=${clusterName}`, ...more],
      ...addressesOf(cluster).map(({ host, port: at }) => `--member=${host}:${at}`),
    ],
    {
      output: { print: (text) => said.push(text), complain: (text) => said.push(text) },
      signal: AbortSignal.timeout(120_000),
      ...{ lastWords, addresses: podOrLoopbackAddresses() },
    },
  );
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status === 200;
  return { ended, ready, said };
}
