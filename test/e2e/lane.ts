import process from "node:process";

/**
 * Files run two at a time, each lane in a cluster of its own, so that neither sees what the other does to its cluster.
 * Who names a cluster by JET_CLUSTER has one lane in that cluster. Runs before the file's own imports, which read the name.
 */
const { JET_CLUSTER, VITEST_POOL_ID } = process.env;
Object.assign(process.env, { JET_CLUSTER: JET_CLUSTER ?? (VITEST_POOL_ID === "2" ? "c" : "a") });
