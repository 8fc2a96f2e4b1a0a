import { command, runStages, StageFailed } from "./stages.ts";

const stages = [
  { name: "format and lint", run: () => command(["biome", "ci", "."]) },
  { name: "types", run: () => command(["tsc", "--noEmit", "-p", "."]) },
  { name: "unused code and dependencies", run: () => command(["knip"]) },
  { name: "generated files are current", run: () => command(["node", "scripts/generate.ts", "--check"]) },
];

try {
  await runStages(stages);
} catch (error) {
  if (!(error instanceof StageFailed)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
