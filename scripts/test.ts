import process from "node:process";
import { ensureBinaries } from "../test/cluster/binaries.ts";
import { cacheDirectory } from "../test/cluster/paths.ts";
import { requirePrerequisites } from "../test/cluster/prerequisites.ts";
import { ensureImage, type ImageName } from "../test/images/images.ts";
import { sampleJobJar } from "../test/images/sample-job.ts";
import { command, runStages, type Stage, StageFailed } from "./stages.ts";
import { type CountedTest, countLine } from "./test/counts.ts";
import { keepReport, type SuiteResult } from "./test/report.ts";
import { choose, type Selection } from "./test/selection.ts";
import { runSuite, type SuiteOptions } from "./test/suites.ts";

/**
 * `npm test` and its parts. Stages in order, the cheap ones first; the first that fails is the last. The cluster is
 * taken down again whatever happens. The last line counts the tests.
 */
const tasks = {
  test: ["check", "unit", "sim", "build", "integration", "e2e"],
  "test:full": ["check", "unit", "sim", "build", "integration", "e2e"],
  "test:unit": ["unit"],
  "test:sim": ["sim"],
  "test:integration": ["build", "integration"],
  "test:e2e": ["build", "e2e"],
} as const;
type Task = keyof typeof tasks;
type StageName = (typeof tasks)[Task][number];

const [task = "test", ...named] = process.argv.slice(2) as [Task?, ...string[]];
if (!Object.hasOwn(tasks, task)) {
  console.error(`"${task}" is not a test; there are ${Object.keys(tasks).join(", ")}`);
  process.exit(2);
}
/** Parts and files of the task may be named; what they need is built. */
const { stages: chosenStages, files } = chosen();
const full = task === "test:full";
const allEngines = ["5.7.0", "5.5.0", "4.5.4"];
const { JET_TEST_ENGINES: chosenEngines = full ? allEngines.join(",") : "5.7.0" } = process.env;
const engines = chosenEngines.split(",");
/** By name; who names one by JET_CLUSTER has all tests in that. */
const { JET_CLUSTER: onlyCluster } = process.env;
const lanes = onlyCluster === undefined ? ["a", "c"] : [onlyCluster];
/** Tests that damage or end a cluster have these for it. */
const spareClusters = ["b", "d"];
const minute = 60_000;
/** Nothing here waits for ever: a run that takes longer than this is ended, and fails. */
const wholeMillis = (full ? 240 : 100) * minute;

const results: SuiteResult[] = [];
const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => stopping.abort(new StageFailed(`stopped by ${name}`)));
}
setTimeout(() => stopping.abort(new StageFailed(`not done in ${wholeMillis / minute} minutes`)), wholeMillis).unref();

const suite = async (name: string, options: Omit<SuiteOptions, "signal" | "files">): Promise<void> => {
  const began = Date.now();
  const own = files.filter((file) => file.startsWith(`test/${name}/`));
  const tests = await runSuite(name, { ...options, files: own, signal: stopping.signal });
  results.push({ suite: name, seconds: (Date.now() - began) / 1_000, tests });
  if (tests.length === 0) throw new StageFailed(`${name}: no test ran`);
  const failed = tests.filter(({ passed }) => !passed).length;
  if (failed > 0) throw new StageFailed(`${name}: ${failed} of ${tests.length} tests failed, see above`);
};

const stages: Record<StageName, Stage> = {
  check: {
    name: "check: format, lint, types, unused code, generated files",
    run: () => command(["node", "scripts/check.ts"], { signal: stopping.signal, timeoutMillis: 15 * minute }),
  },
  unit: { name: "unit tests", run: () => suite("unit", { timeoutMillis: 20 * minute }) },
  sim: { name: "simulation", run: () => suite("sim", { timeoutMillis: (full ? 60 : 15) * minute, env: simulation() }) },
  build: { name: "build what the tests run: Kubernetes, engine images, operator image", run: build },
  integration: {
    name: "integration tests: real API server, real engines, no network",
    run: () => suite("integration", { timeoutMillis: (full ? 120 : 40) * minute, isolated: true, env: integration() }),
  },
  e2e: { name: `end to end on a real node: ${engines.join(", ")}`, run: endToEnd },
};

function chosen(): Selection<StageName> {
  try {
    return choose<StageName>(tasks[task], named);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

function simulation(): NodeJS.ProcessEnv {
  return full ? { JET_SIM_FULL: "1" } : {};
}

/** Without the variable each test takes the engines that it needs; with it, all that are named, and what takes minutes. */
function integration(): NodeJS.ProcessEnv {
  return full ? { JET_TEST_ENGINES: engines.join(",") } : {};
}

/** Once, into the cache; afterwards seconds. */
async function build(): Promise<void> {
  await requirePrerequisites();
  const say = (line: string) => console.log(line);
  await ensureBinaries(["kubernetes", "coredns", "helm"], say);
  const images: readonly ImageName[] = [
    ...(["busybox", "pause", "node-client", "fake-enterprise", "operator"] as const),
    ...(["hazelcast-5.7.0", "hazelcast-5.5.0", "hazelcast-jet-4.5.4"] as const),
  ];
  for (const name of images) {
    if (stopping.signal.aborted) throw stopping.signal.reason;
    await ensureImage(name, say);
  }
  for (const line of ["platform", "jet"] as const) await sampleJobJar(line, say);
}

/** Two lanes (test/e2e/lane.ts), each with a cluster of its own; those begin from nothing and are gone afterwards. */
async function endToEnd(): Promise<void> {
  const env = {
    JET_TEST_ENGINES: engines.join(","),
    JET_TEST_REST_SECONDS: full ? "300" : "120",
    // Whoever names files means them, however long they take.
    JET_TEST_LONG: full || files.length > 0 ? "1" : "0",
  };
  try {
    // What an interrupted run left in a cluster, a half-done release say, is no part of what is tested.
    await forEach([...lanes, ...spareClusters], ["down", "--purge"]);
    await forEach(lanes, ["up"]);
    await suite("e2e", { env, timeoutMillis: (full ? 200 : 60) * minute });
  } catch (error) {
    console.error(
      `logs of the clusters: ${cacheDirectory}/cluster*/*/logs, of the requests: ${cacheDirectory}/cluster*/audit.log`,
    );
    throw error;
  } finally {
    await forEach([...lanes, ...spareClusters], ["down"], new AbortController().signal);
  }
}

async function forEach(clusters: readonly string[], argv: readonly string[], signal = stopping.signal): Promise<void> {
  for (const name of clusters) {
    const env = { JET_CLUSTER: name };
    await command(["node", "test/cluster/main.ts", ...argv], { env, signal, timeoutMillis: 15 * minute });
  }
}

const tests = (): CountedTest[] => results.flatMap((result) => result.tests);

try {
  await runStages(chosenStages.map((name) => stages[name]));
} catch (error) {
  if (!(error instanceof StageFailed)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  if (full) keepReport(results, engines);
  console.log(`\n${countLine(tests())}`);
}
