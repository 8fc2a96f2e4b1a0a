import { ConfigurationError, readConfiguration } from "./configuration.ts";
import { coordinate } from "./jobs.ts";
import { listen } from "./listener.ts";
import { Member } from "./member.ts";
import { leave, watch } from "./membership.ts";
import { ask } from "./peers.ts";
import { createRest } from "./rest.ts";
import { start, ValidationFailed } from "./starting.ts";

/** Of a process that SIGTERM's own handler has ended, as the engine's. */
const terminated = 143;
const answerMillis = 3_000;

const log = (line: string) => console.log(`${new Date().toISOString()} INFO: ${line}`);

async function run(): Promise<void> {
  const member = new Member(readConfiguration(process.env), log);
  const stopped = () => member.phase === "Ended";
  const end = async (code: number) => {
    if (member.phase === "Leaving" || member.phase === "Ended") return;
    log("shutting down");
    await leave(member);
    log("left");
    process.exit(code);
  };
  process.on("SIGTERM", () => void end(terminated));
  process.on("SIGINT", () => void end(terminated));
  const rest = createRest(member, {
    shutdown: () => void end(0),
    // The state of the cluster is not kept: the next start finds what it was.
    shutdownAll: async () => {
      const others = member.view.filter(({ uuid }) => uuid !== member.uuid);
      await Promise.allSettled(others.map(({ address }) => ask(address, { kind: "shutdown" }, answerMillis)));
      await end(0);
    },
  });
  await listen(member, rest, () => void end(0));
  log(`Hazelcast Enterprise 5.7.0 (a fake for tests), ${member.phase}, listening at ${member.address}`);
  await start(member);
  await Promise.all([coordinate(member, stopped), watch(member, stopped)]);
  log("dropped by the others");
  process.exit(1);
}

// In a bundle of the image's format nothing may be awaited at the top.
run().catch((error: unknown) => {
  const known = error instanceof ConfigurationError || error instanceof ValidationFailed;
  console.error(known ? `${error.name}: ${error.message}` : error);
  process.exit(1);
});
