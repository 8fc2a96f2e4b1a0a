import { z } from "zod";
import { type AddressPolicy, type MemberAddress, podAddresses } from "./addresses.ts";
import { type Answer, excerpt, known, unknown } from "./answer.ts";
import { exchange, type HttpLimits, type HttpQuestion, type HttpReply } from "./http-exchange.ts";
import { parseStrictJson } from "./strict-json.ts";

export type { MemberAddress } from "./addresses.ts";
export type { Answer } from "./answer.ts";

export type ClusterState = z.infer<typeof clusterStates>;
export type MemberHealth = z.infer<typeof healthSchema>;

export interface MemberView {
  /** In join order, as this member sees it: the first is the master. Exactly one is `local`, the member asked. */
  readonly members: readonly { readonly uuid: string; readonly address: string; readonly local: boolean }[];
}

/** What the engine made of a wish for another cluster state. */
interface StateChange {
  /** False: the cluster has that state already, or (PASSIVE) is still on its way into another. */
  readonly changed: boolean;
  readonly state: ClusterState;
}

/**
 * The engine's REST, for one member at a time. No method throws and none takes longer than its deadline; each asks on a
 * connection of its own, gone with the answer. What is not exactly the engine's shape is no evidence.
 */
export interface EngineRest {
  /** The member's own word about itself. `clusterSafe` is local to the member asked, and true even before it has joined. */
  health(address: MemberAddress, signal: AbortSignal): Promise<Answer<MemberHealth>>;
  view(address: MemberAddress, signal: AbortSignal): Promise<Answer<MemberView>>;
  /** Has the member joined? Means that from 5.2 on only. */
  ready(address: MemberAddress, signal: AbortSignal): Promise<Answer<boolean>>;
  /** The state of the cluster named so; a member of another cluster refuses. */
  clusterState(address: MemberAddress, clusterName: string, signal: AbortSignal): Promise<Answer<ClusterState>>;
  /**
   * Asks for another cluster state and waits at most `deadlineMillis`. PASSIVE waits for the jobs' terminal snapshots
   * without any timeout, and a call given up still takes effect later (seen on real engines): an unknown answer says
   * nothing about the state to come, so watch the state.
   */
  changeState(
    address: MemberAddress,
    change: {
      readonly clusterName: string;
      readonly to: Exclude<ClusterState, "IN_TRANSITION">;
      readonly deadlineMillis: number;
    },
    signal: AbortSignal,
  ): Promise<Answer<StateChange>>;
}

export interface EngineRestOptions {
  /** Default: pod addresses, loopback refused. */
  readonly addresses?: AddressPolicy;
  readonly limits?: Partial<HttpLimits>;
}

const defaultLimits: HttpLimits = {
  connectMillis: 3_000,
  totalMillis: 10_000,
  bodyBytes: 64 * 1024,
  headerBytes: 8 * 1024,
};

export function createEngineRest(options: EngineRestOptions = {}): EngineRest {
  const addresses = options.addresses ?? podAddresses();
  const limits = { ...defaultLimits, ...options.limits };
  const ask = (address: MemberAddress, question: HttpQuestion, signal: AbortSignal, bounds = limits) => {
    const refusal = addresses.refusal(address);
    if (refusal) return Promise.resolve(unknown("Refused", `${refusal} is never asked`));
    return exchange(address, question, bounds, signal);
  };
  return {
    health: async (address, signal) => json(await ask(address, get("/hazelcast/health"), signal), healthSchema),
    view: async (address, signal) => json(await ask(address, get("/hazelcast/rest/cluster"), signal), viewSchema),
    ready: async (address, signal) => yesOrNo(await ask(address, get("/hazelcast/health/ready"), signal)),
    async clusterState(address, clusterName, signal) {
      const answer = json(await ask(address, post("state", [clusterName, ""]), signal), stateSchema);
      if (!answer.known) return answer;
      return answer.value.status === "success" ? known(answer.value.state) : unknown("Refused", "the engine said fail");
    },
    async changeState(address, { clusterName, to, deadlineMillis }, signal) {
      const question = post("changeState", [clusterName, "", to.toLowerCase()]);
      const bounds = { ...limits, totalMillis: deadlineMillis };
      const answer = json(await ask(address, question, signal, bounds), stateSchema);
      if (!answer.known) return answer;
      return known({ changed: answer.value.status === "success", state: answer.value.state });
    },
  };
}

const clusterStates = z.enum(["ACTIVE", "NO_MIGRATION", "FROZEN", "PASSIVE", "IN_TRANSITION"]);

/** Fields that a later version may add are ignored; the ones named have exactly these types. */
const healthSchema = z.object({
  nodeState: z.enum(["STARTING", "ACTIVE", "PASSIVE", "SHUT_DOWN"]),
  clusterState: clusterStates,
  clusterSafe: z.boolean(),
  migrationQueueSize: z.int().nonnegative(),
  clusterSize: z.int().positive(),
});

const memberSchema = z
  .object({
    uuid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    address: z.string().regex(/^\[[0-9A-Za-z:.%-]{1,253}\]:\d{1,5}$/),
    localMember: z.boolean(),
  })
  .transform(({ uuid, address, localMember }) => ({ uuid, address, local: localMember }));

const viewSchema = z
  .object({ members: z.array(memberSchema).min(1) })
  .refine(({ members }) => members.filter((m) => m.local).length === 1, "exactly one local member")
  .refine(({ members }) => new Set(members.map((m) => m.uuid)).size === members.length, "each uuid once")
  .refine(({ members }) => new Set(members.map((m) => m.address)).size === members.length, "each address once");

const stateSchema = z.object({
  status: z.enum(["success", "fail"]),
  state: z
    .string()
    .transform((state) => state.toUpperCase())
    .pipe(clusterStates),
});

const failureSchema = z.object({ status: z.literal("fail"), message: z.string() });

function get(path: string): HttpQuestion {
  return { method: "GET", path };
}

/** Parameters are joined by `&` and URL-encoded one by one; the second was a password once and is ignored. */
function post(command: string, parameters: readonly string[]): HttpQuestion {
  return {
    method: "POST",
    path: `/hazelcast/rest/management/cluster/${command}`,
    body: parameters.map((parameter) => encodeURIComponent(parameter.toWellFormed())).join("&"),
  };
}

function json<T>(reply: Answer<HttpReply>, schema: z.ZodType<T>): Answer<T> {
  if (!reply.known) return reply;
  const { status, contentType, body } = reply.value;
  if (status !== 200) return refused(reply.value);
  if (contentType.split(";")[0]?.trim().toLowerCase() !== "application/json") return unknown("Malformed", "not JSON");
  const parsed = schema.safeParse(parse(body));
  if (parsed.success) return known(parsed.data);
  const issue = parsed.error.issues[0];
  return unknown("Malformed", excerpt(`${issue?.path.join(".") || "answer"}: ${issue?.code ?? "invalid"}`));
}

/** Undefined, which no schema accepts, for what is not JSON. */
function parse(body: Uint8Array): unknown {
  try {
    return parseStrictJson(body);
  } catch {
    return undefined;
  }
}

/** Redirects and foreign pages are garbage; an error in the engine's own shape is its refusal, with its words. */
function refused({ status, body }: HttpReply): Answer<never> {
  const failure = failureSchema.safeParse(parse(body));
  if (!failure.success) return unknown("Malformed", `status ${status}`);
  return unknown("Refused", `status ${status}, ${excerpt(failure.data.message)}`);
}

function yesOrNo(reply: Answer<HttpReply>): Answer<boolean> {
  if (!reply.known) return reply;
  const { status, body } = reply.value;
  if (body.length > 0) return unknown("Malformed", "a body where the engine sends none");
  if (status === 200 || status === 503) return known(status === 200);
  return unknown("Malformed", `status ${status}`);
}
