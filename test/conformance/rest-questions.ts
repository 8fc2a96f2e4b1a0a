import { type Behaviour, call, masked, memberAt, type Target } from "./target.ts";

const management = "/hazelcast/rest/management/cluster";

/** What 5.x answers the same with and without a license; that a path or group is off shows as a closed connection. */
function questions(clusterName: string): readonly (readonly [method: string, path: string, body?: string])[] {
  const post = (path: string, body: string) => ["POST", `${management}/${path}`, body] as const;
  return [
    ...[
      "",
      "/node-state",
      "/cluster-state",
      "/cluster-safe",
      "/migration-queue-size",
      "/cluster-size",
      "/ready",
      "/bogus",
    ].map((part) => ["GET", `/hazelcast/health${part}`] as const),
    ["HEAD", "/hazelcast/health"],
    ["HEAD", "/hazelcast/health/node-state"],
    ["GET", "/hazelcast/rest/cluster"],
    ["GET", "/hazelcast/rest/instance"],
    ["GET", "/hazelcast/rest/log-level"],
    ["GET", `${management}/version`],
    ["GET", `${management}/state`],
    ["GET", "/hazelcast/rest/bogus"],
    ["GET", "/hazelcast/rest/maps/out/1"],
    ["GET", "/"],
    post("state", `${clusterName}&`),
    post("state", `${clusterName}&whatever`),
    post("state", "another&"),
    post("state", clusterName),
    post("state", ""),
    post("nodes", `${clusterName}&`),
    post("nodes", "another&"),
    post("changeState", `${clusterName}&&bogus`),
    post("changeState", `${clusterName}&&active`),
    post("changeState", `${clusterName}&`),
    post("changeState", "another&&frozen"),
    post("memberShutdown", "another&"),
    post("clusterShutdown", "another&"),
    post("bogus", `${clusterName}&`),
    ["POST", "/hazelcast/rest/maps/out/1", "x"],
  ];
}

/** Changes nothing. */
export async function askRest(target: Target): Promise<Behaviour> {
  const member = memberAt(target.members, 0);
  const answers: [string, string][] = [];
  for (const [method, path, body] of questions(target.clusterName)) {
    const said = await call(member, { method, path, ...(body !== undefined && { body }) });
    answers.push([masked(`${method} ${path}${body === undefined ? "" : ` "${body}"`}`, target), masked(said, target)]);
  }
  return Object.fromEntries(answers);
}
