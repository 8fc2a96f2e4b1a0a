import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isolated } from "../isolated.ts";
import { command, StageFailed } from "../stages.ts";
import { type CountedTest, countedTests } from "./counts.ts";

const root = join(import.meta.dirname, "../..");

export interface SuiteOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly timeoutMillis: number;
  /** In a network namespace of its own, from which nothing reaches outside. */
  readonly isolated?: boolean;
  /** File names or parts of them; empty = all of the project. */
  readonly files?: readonly string[];
}

/**
 * Runs one of the projects of `vitest.config.ts`. @returns its tests, also when some failed. @throws StageFailed when
 * it left no report: stopped, out of time, or broken before its first test.
 */
export async function runSuite(project: string, options: SuiteOptions): Promise<CountedTest[]> {
  const directory = mkdtempSync(join(tmpdir(), "jet-test-"));
  const report = join(directory, "report.json");
  const argv = [
    ...["vitest", "run", "--project", project, "--reporter", "default", "--reporter", "json"],
    ...[`--outputFile.json=${report}`, ...(options.files ?? [])],
  ];
  try {
    await command(options.isolated ? isolated(argv) : argv, options).catch((error: unknown) => {
      // Failed tests are counted below; what else went wrong has left no report.
      if (!(error instanceof StageFailed) || options.signal.aborted) throw error;
    });
    return countedTests(report, root);
  } catch (error) {
    if (error instanceof StageFailed) throw error;
    throw new StageFailed(`${project}: no report of the tests: ${String(error)}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
