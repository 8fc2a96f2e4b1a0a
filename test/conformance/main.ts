import process from "node:process";
import { parseArgs } from "node:util";
import { command } from "../../scripts/stages.ts";
import type { MemberAddress } from "../../src/engine/rest.ts";
import { behaviourOf, differences } from "./compare.ts";
import { startFakeCluster } from "./fake-cluster.ts";

const usage = `npm run conformance -- --address IP:PORT [--address IP:PORT …] --cluster-name NAME --job NAME [options]

Asks a cluster of Hazelcast 5.7 and the fake Enterprise members of the tests the same questions and compares the answers.
Every member's address is needed, and a running job with EXACTLY_ONCE and split-brain protection. The cluster is taken
through all its states, and the job suspended and resumed: use one that is there for this.

  --restart-command COMMAND   (licensed, with persistence) run by sh after PASSIVE: stops all members and starts them again
  --leave                     the last member leaves at the end`;

class UsageError extends Error {}

function optionsOf(argv: readonly string[]) {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      address: { type: "string", multiple: true },
      "cluster-name": { type: "string" },
      job: { type: "string" },
      "restart-command": { type: "string" },
      leave: { type: "boolean", default: false },
    },
  });
  const { address = [], "cluster-name": clusterName, job } = values;
  if (address.length === 0) throw new UsageError("--address is missing");
  if (!clusterName) throw new UsageError("--cluster-name is missing");
  if (!job) throw new UsageError("--job is missing");
  return { members: address.map(addressOf), clusterName, job, restart: values["restart-command"], leave: values.leave };
}

function addressOf(text: string): MemberAddress {
  const [, host = "", port = ""] = /^(\d+(?:\.\d+){3}):(\d+)$/.exec(text) ?? [];
  if (host === "")
    throw new UsageError(`--address "${text}": an IPv4 address and a port are accepted, as 10.0.0.5:5701`);
  return { host, port: Number(port) };
}

async function run(argv: readonly string[]): Promise<number> {
  const { members, clusterName, job, restart, leave } = optionsOf(argv);
  const target = {
    ...{ members, clusterName, jobName: job },
    restart: restart === undefined ? undefined : () => command(["sh", "-c", restart]),
  };
  const size = members.length;
  await using fake = await startFakeCluster({ size, clusterName });
  await fake.submit(job);
  const all = members.map((_, index) => index);
  const restartFake = async () => {
    await fake.stop(all);
    fake.start(all);
    await fake.formed(size);
  };
  const choice = { leave };
  const ours = await behaviourOf(
    { ...target, members: fake.members, restart: restart === undefined ? undefined : restartFake },
    choice,
  );
  const theirs = await behaviourOf(target, choice);
  const found = differences(theirs, ours);
  for (const { question, of } of found) console.log(`${question}\n  this cluster: ${of[0]}\n  the fake:     ${of[1]}`);
  console.log(`${Object.keys(theirs).length} questions, ${found.length} answered differently`);
  return found.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const usageIsWrong = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  if (!usageIsWrong) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
