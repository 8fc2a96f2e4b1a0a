import process from "node:process";
import { defineConfig } from "vitest/config";

/** A developer's choice of one cluster; else two files run at a time, each in a cluster of its own. */
const { JET_CLUSTER: onlyCluster } = process.env;

/** Only in `npm run test:full`: together they take longer than `npm test` has. `JET_TEST_LONG=1` brings them in by hand. */
const longFiles = [
  "archive",
  "archive-clients",
  "archive-contents",
  "archive-kills",
  "lifecycle",
  "operator-killed",
  "snapshot-completeness",
  "split-brain",
  "two-nodes",
];
const { JET_TEST_LONG: long } = process.env;

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "sim", include: ["test/sim/**/*.test.ts"], testTimeout: 900_000 } },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: long === "1" ? [] : longFiles.map((name) => `test/e2e/${name}.test.ts`),
          testTimeout: 600_000,
          // A hook may have to make images first.
          hookTimeout: 900_000,
          setupFiles: ["test/e2e/lane.ts"],
          maxWorkers: onlyCluster === undefined ? 2 : 1,
        },
      },
    ],
  },
});
