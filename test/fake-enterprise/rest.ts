import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";
import { obey, type StateChange } from "./commands.ts";
import { clusterStates } from "./facts.ts";
import type { Member } from "./member.ts";
import { Refusal } from "./peers.ts";

/** An answer as 5.7.0 gives it (test/fixtures/engine/5.7.0); undefined: it closes the connection without a word. */
type Answer =
  | { readonly status: number; readonly json?: unknown; readonly headers?: Record<string, string> }
  | undefined;

interface Question {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What this member can be told to do by its own hand. */
export interface RestActions {
  /** Leaves gracefully and ends. */
  shutdown(): void;
  /** All members do. */
  shutdownAll(): Promise<void>;
}

/** The engine's REST on connections that are handed to it, and below `/fake` what only this fake has. */
export function createRest(member: Member, actions: RestActions): Server {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
    const question = { method: request.method ?? "", path: request.url ?? "", body };
    send(request, response, await answerTo(member, actions, question));
  });
  return server;
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (!answer) return void request.socket.destroy();
  response.sendDate = false;
  // Whoever keeps connections may ask again in the very moment in which this end gives one up.
  response.shouldKeepAlive = false;
  const text = answer.json === undefined ? "" : JSON.stringify(answer.json);
  response.writeHead(answer.status, {
    ...(text !== "" && { "Content-Type": "application/json" }),
    "Content-Length": Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(text);
}

async function answerTo(member: Member, actions: RestActions, question: Question): Promise<Answer> {
  const { method, path } = question;
  const on = (group: string) => member.configuration.restGroups.has(group);
  if (path.startsWith("/fake/")) return fake(member, question);
  if (path.startsWith("/hazelcast/health")) return on("HEALTH_CHECK") ? health(member, question) : undefined;
  if (method === "GET") return on("CLUSTER_READ") ? read(member, path) : undefined;
  const command = path.startsWith(management) ? path.slice(management.length) : "";
  const group = groupOf[command];
  if (method !== "POST" || group === undefined || !on(group)) return undefined;
  return manage(member, actions, command, question.body);
}

const management = "/hazelcast/rest/management/cluster/";
const groupOf: Readonly<Record<string, string>> = {
  state: "CLUSTER_READ",
  nodes: "CLUSTER_READ",
  changeState: "CLUSTER_WRITE",
  memberShutdown: "CLUSTER_WRITE",
  clusterShutdown: "CLUSTER_WRITE",
};

const json = (value: unknown): Answer => ({ status: 200, json: value });
const yesOrNo = (yes: boolean): Answer => ({ status: yes ? 200 : 503 });

function healthOf(member: Member) {
  const clusterState = clusterStateOf(member);
  const passive = member.phase === "Leaving" || member.phase === "Recovering" || clusterState === "PASSIVE";
  return {
    nodeState: passive ? "PASSIVE" : "ACTIVE",
    clusterState,
    clusterSafe: member.isSafe,
    migrationQueueSize: 0,
    clusterSize: member.view.length,
  };
}

/** Before it has joined the engine says what it would be alone: ACTIVE, one member, safe (seen on real engines). */
function clusterStateOf(member: Member): string {
  return member.isJoined ? (member.facts?.state ?? "ACTIVE") : "ACTIVE";
}

function health(member: Member, { method, path }: Question): Answer {
  const now = healthOf(member);
  const part = path.slice("/hazelcast/health".length).replace(/^\//, "");
  if (method === "HEAD") return part === "" ? { status: 200, headers: headersOf(now) } : { status: 404 };
  if (method !== "GET") return undefined;
  const answers: Readonly<Record<string, () => Answer>> = {
    "": () => json(now),
    "node-state": () => json(now.nodeState),
    "cluster-state": () => json(now.clusterState),
    "cluster-safe": () => yesOrNo(now.clusterSafe),
    "migration-queue-size": () => json(now.migrationQueueSize),
    "cluster-size": () => json(now.clusterSize),
    ready: () => yesOrNo(member.isJoined),
  };
  return Object.hasOwn(answers, part) ? answers[part]?.() : { status: 400 };
}

function headersOf(now: ReturnType<typeof healthOf>): Record<string, string> {
  return {
    "Hazelcast-NodeState": now.nodeState,
    "Hazelcast-ClusterState": now.clusterState,
    "Hazelcast-MigrationQueueSize": String(now.migrationQueueSize),
    "Hazelcast-ClusterSize": String(now.clusterSize),
  };
}

function read(member: Member, path: string): Answer {
  const answers: Readonly<Record<string, () => Answer>> = {
    "/hazelcast/rest/cluster": () => json({ members: membersOf(member), connectionCount: 1, allConnectionCount: 1 }),
    "/hazelcast/rest/instance": () => json({ name: "fake_enterprise" }),
    "/hazelcast/rest/log-level": () => json({ logLevel: null }),
    [`${management}version`]: () => json({ status: "success", version: "5.7" }),
    [`${management}state`]: () => ({ status: 404 }),
  };
  return Object.hasOwn(answers, path) ? answers[path]?.() : undefined;
}

function membersOf(member: Member) {
  return member.view.map(({ uuid, address }) => ({
    address,
    liteMember: false,
    localMember: uuid === member.uuid,
    uuid,
    memberVersion: "5.7.0",
  }));
}

const failed = (status: number, message: string): Answer => ({ status, json: { status: "fail", message } });

/** Commands of management: cluster name and a password that is ignored first, as parameters joined by `&`. */
async function manage(member: Member, actions: RestActions, command: string, body: string): Promise<Answer> {
  const needed = command === "changeState" ? 3 : 2;
  const [name, , state = "", ...rest] = body.split("&").map(decodeURIComponent);
  if (body.split("&").length < needed || rest.length > 0) {
    return failed(400, `This endpoint expects at least ${needed} parameters`);
  }
  if (name !== member.configuration.clusterName) return failed(403, "unauthenticated");
  switch (command) {
    case "state":
      return json({ status: "success", state: clusterStateOf(member).toLowerCase() });
    case "nodes":
      return json({ status: "success", response: nodesOf(member) });
    case "changeState":
      return changeState(member, state);
    case "memberShutdown":
      actions.shutdown();
      return json({ status: "success" });
    default:
      void actions.shutdownAll();
      return json({ status: "success" });
  }
}

async function changeState(member: Member, wanted: string): Promise<Answer> {
  const name = wanted.toUpperCase();
  const to = clusterStates.find((state) => state === name);
  if (!to) return failed(500, `No enum constant com.hazelcast.cluster.ClusterState.${name}`);
  try {
    const command = { kind: "changeState", to } as const;
    const { changed, state } = await member.command<StateChange>(command, (each) => obey(member, each));
    return json({ status: changed ? "success" : "fail", state: state.toLowerCase() });
  } catch (error) {
    return failed(500, error instanceof Error ? error.message : String(error));
  }
}

function nodesOf(member: Member): string {
  const list = member.view.map(
    ({ uuid, address }) => `Member ${address} - ${uuid}${uuid === member.uuid ? " this" : ""}`,
  );
  return `[${list.join(", ")}]\n5.7.0\n17.0.15`;
}

const submission = z.strictObject({
  name: z.string().optional(),
  guarantee: z.enum(["NONE", "AT_LEAST_ONCE", "EXACTLY_ONCE"]).default("EXACTLY_ONCE"),
  protection: z.boolean().default(false),
  intervalMillis: z.int().min(100).default(2_000),
});
const controls = z.strictObject({ refusePassive: z.boolean().optional(), holdSnapshots: z.boolean().optional() });

/** What only the fake has: README.md says how it is used. */
async function fake(member: Member, { method, path, body }: Question): Promise<Answer> {
  try {
    if (path === "/fake/jobs" && method === "POST") {
      const command = { kind: "submit", job: submission.parse(JSON.parse(body)) } as const;
      return json({ id: await member.command<string>(command, (each) => obey(member, each)) });
    }
    if (path === "/fake/jobs") return json(member.facts?.jobs ?? []);
    if (path === "/fake/member") return json({ ...member.hello(), phase: member.phase, controls: member.controls });
    if (path === "/fake/controls" && method === "POST") {
      Object.assign(member.controls, controls.parse(JSON.parse(body)));
      return json(member.controls);
    }
    return { status: 404 };
  } catch (error) {
    const className = error instanceof Refusal ? `${error.className}: ` : "";
    return failed(400, `${className}${error instanceof Error ? error.message : String(error)}`);
  }
}
