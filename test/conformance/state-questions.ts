import {
  asked,
  type Behaviour,
  call,
  eventually,
  jobOf,
  jobReaches,
  jobs,
  masked,
  memberAt,
  signal,
  type Target,
  told,
  view,
} from "./target.ts";

/** How the cluster goes from state to state, and what it takes in each. ACTIVE again at the end, the job running. */
export async function askStates(target: Target): Promise<Behaviour> {
  return {
    ...(await inState(target, "no_migration")),
    ...(await inState(target, "frozen")),
    ...(await inState(target, "passive")),
    ...(await commandsInPassive(target)),
    "PASSIVE again": await change(target, "passive", 0),
    ...(await inState(target, "active")),
    "the job after PASSIVE": await jobReaches(target, "RUNNING"),
  };
}

async function inState(target: Target, state: string): Promise<Behaviour> {
  const answer = await change(target, state, -1);
  const health = await Promise.all(target.members.map((_, index) => healthOf(target, index)));
  return {
    [`changing to ${state}`]: answer,
    [`health in ${state}`]: [...new Set(health)].join(" and "),
    [`ready in ${state}`]: await call(memberAt(target.members, 0), { method: "GET", path: "/hazelcast/health/ready" }),
    [`state by the client protocol in ${state}`]: told(await jobs.metadata(asked(target), signal)).state,
    ...(state === "active" ? {} : { [`the job in ${state}`]: (await jobOf(target)).status }),
  };
}

/** A member may be unsafe for a moment after a change. */
function healthOf(target: Target, index: number): Promise<string> {
  const path = "/hazelcast/health";
  return eventually(
    async () => masked(await call(memberAt(target.members, index), { method: "GET", path }), target),
    (health) => health.includes('"clusterSafe":true'),
    30_000,
  );
}

async function change(target: Target, state: string, index: number): Promise<string> {
  const path = "/hazelcast/rest/management/cluster/changeState";
  const body = `${target.clusterName}&&${state}`;
  return call(memberAt(target.members, index), { method: "POST", path, body });
}

/** Of a refusal only that it is one, and the kind: the words name operations that are the engine's own. */
async function commandsInPassive(target: Target): Promise<Behaviour> {
  const { id } = await jobOf(target);
  const by = asked(target, -1);
  const kind = (answer: { readonly known: boolean; readonly reason?: string }) =>
    answer.known ? "taken" : (/^Refused: \w+/.exec(answer.reason ?? "")?.[0] ?? answer.reason ?? "");
  return {
    "suspending in PASSIVE": kind(await jobs.suspend(by, id, signal)),
    "resuming in PASSIVE": kind(await jobs.resume(by, id, signal)),
    "details in PASSIVE": kind(await jobs.details(by, [id], signal)),
    "the job after commands in PASSIVE": (await jobOf(target)).status,
  };
}

/** The last member leaves gracefully: it is gone for good afterwards. */
export async function askLeaving(target: Target): Promise<Behaviour> {
  const last = memberAt(target.members, -1);
  const path = "/hazelcast/rest/management/cluster/memberShutdown";
  const size = target.members.length - 1;
  const answer = await call(last, { method: "POST", path, body: `${target.clusterName}&` });
  const left = { ...target, members: target.members.slice(0, -1) };
  const gone = async () => String((await view(left)).known && told(await view(left)).members.length === size);
  return {
    "a member is told to leave": answer,
    "the others are one less": await eventually(gone, (is) => is === "true"),
    "and safe": await healthOf(left, 0),
    "the one that left": await eventually(
      () => call(last, { method: "GET", path: "/hazelcast/health" }),
      (said) => said === "ECONNREFUSED",
    ),
    "its job": await jobReaches(left, "RUNNING"),
  };
}

/** What a whole cluster is after a stop in PASSIVE and a start: persistence, so a licensed engine's alone. */
export async function askRestart(target: Target, restart: () => Promise<void>): Promise<Behaviour> {
  const before = told(await view(target)).members.map(({ uuid }) => uuid);
  const { clusterId } = told(await jobs.list(asked(target), signal));
  await change(target, "passive", 0);
  await restart();
  const whole = async () => String(told(await view(target)).members.length);
  const size = await eventually(whole, (count) => count === String(before.length), 1_200_000);
  const ready = () => call(memberAt(target.members, 0), { method: "GET", path: "/hazelcast/health/ready" });
  const answers = {
    "members after the start": size === String(before.length) ? "all" : size,
    "ready after the start": await eventually(ready, (said) => said.startsWith("200"), 1_200_000),
    "who they are": same(
      before,
      told(await view(target)).members.map(({ uuid }) => uuid),
    ),
    "the cluster's id": same([clusterId], [told(await jobs.list(asked(target), signal)).clusterId]),
    "health after the start": await healthOf(target, 0),
    "the job before ACTIVE": (await jobOf(target)).status,
    "ACTIVE after the start": await change(target, "active", 0),
    "the job after ACTIVE": await jobReaches(target, "RUNNING"),
  };
  return Object.fromEntries(Object.entries(answers).map(([name, said]) => [name, masked(said, target)]));
}

function same(before: readonly string[], after: readonly string[]): string {
  return [...before].sort().join() === [...after].sort().join() ? "the same" : "others";
}
