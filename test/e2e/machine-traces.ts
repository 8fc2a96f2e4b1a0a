import { existsSync, readdirSync, readFileSync } from "node:fs";
import { run } from "../cluster/run.ts";

/**
 * Everything on this machine that belongs to the throw-away cluster with this prefix of names and these address ranges:
 * a line `kind: what` for each. Read from the machine itself, not from the cluster's records.
 */
export async function tracesOf(id: string, stateDirectory: string, ranges: readonly string[]): Promise<string[]> {
  const named = new RegExp(`\\b${id}2?\\b|\\b${id}[0-9A-B]\\b`);
  const starts = ranges.map((range) => range.replace(/(\.0)*\/\d+$/, "."));
  const lines = async (...argv: string[]) => (await run(argv)).split("\n");
  const mine = (line: string) => named.test(line) || starts.some((start) => line.includes(start));
  return [
    ...(await lines("ip", "netns")).filter(mine).map((line) => `network namespace: ${line}`),
    ...(await lines("ip", "-o", "link")).filter(mine).map((line) => `link: ${line}`),
    ...(await lines("ip", "route", "show", "table", "all")).filter(mine).map((line) => `route: ${line}`),
    ...(await lines("nft", "list", "ruleset")).filter(mine).map((line) => `packet rule: ${line}`),
    ...["/run/netns", "/etc/netns"].flatMap((directory) =>
      namesIn(directory)
        .filter(mine)
        .map((name) => `file: ${directory}/${name}`),
    ),
    ...namesIn("/sys/fs/cgroup").flatMap((hierarchy) =>
      namesIn(`/sys/fs/cgroup/${hierarchy}`)
        .filter(mine)
        .map((name) => `cgroup: ${hierarchy}/${name}`),
    ),
    ...processes(stateDirectory, id),
  ];
}

function namesIn(directory: string): string[] {
  try {
    return existsSync(directory) ? readdirSync(directory) : [];
  } catch {
    return [];
  }
}

/** Processes and mounts: found by command line, cgroup and mount table of every process of the machine. */
function processes(stateDirectory: string, id: string): string[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", " ");
    } catch {
      return "";
    }
  };
  const mounted = new RegExp(`${stateDirectory}/|/netns/${id}2? `);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => [
      ...(read(pid, "cmdline").includes(`${stateDirectory}/`) ? [`process: ${pid} ${read(pid, "cmdline")}`] : []),
      ...(new RegExp(`:/${id}2?/`).test(read(pid, "cgroup")) ? [`pod process: ${pid} ${read(pid, "cmdline")}`] : []),
      ...(mounted.test(read(pid, "mountinfo")) ? [`mount: seen by ${pid}`] : []),
    ]);
}
