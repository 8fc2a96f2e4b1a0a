import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, request } from "undici";
import { parse } from "yaml";
import { apiVersion, group, kind, plural, version } from "../../../src/api/names.ts";
import { until } from "../../cluster/run.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

export type Json = Record<string, unknown>;

/** An object, or a Status that says what is wrong with one. */
interface Body {
  readonly spec?: Json;
  readonly details?: { readonly causes?: readonly { field?: string; reason: string; message: string }[] };
  readonly [key: string]: unknown;
}

/** What the API server answered. */
export interface Verdict {
  readonly status: number;
  readonly body: Body;
  /** One entry for each thing that is wrong, with the path of the field; list indexes are left out. */
  readonly causes: readonly { readonly field: string; readonly reason: string; readonly message: string }[];
  readonly warnings: string;
}

interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the JetClusters of the namespace `default`: a name, or a name and a subresource. */
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly body?: Json;
  readonly contentType?: string;
}

/** A real API server that knows JetClusters by the CustomResourceDefinition in `crds/`. */
export interface JetClusterServer {
  readonly server: TestApiServer;
  send(call: Call): Promise<Verdict>;
  /** What would become of a new JetCluster; nothing is stored. */
  judge(spec: Json, name?: string): Promise<Verdict>;
  /** Stores one. @throws Error when it is refused. */
  make(name: string, spec: Json): Promise<void>;
  /** What would become of a merge patch; nothing is stored. */
  judgePatch(name: string, patch: Json): Promise<Verdict>;
  stop(): Promise<void>;
}

export const crdFile = join(import.meta.dirname, "../../../crds", `${group}_${plural}.yaml`);

export async function startJetClusterServer(): Promise<JetClusterServer> {
  const server = await startTestApiServer();
  const agent = agentOf(server);
  const send = (call: Call) => sendCall(server.url, agent, call);
  try {
    await server.kubectl(["create", "-f", crdFile]);
    const served = async () => ((await send({ method: "GET" })).status === 200 ? true : undefined);
    await until("JetClusters to be served", served, { timeoutMillis: 60_000 });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    server,
    send,
    judge: (spec, name = "orders") => send({ method: "POST", query: { dryRun: "All" }, body: jetCluster(name, spec) }),
    async make(name, spec) {
      const { status, body } = await send({ method: "POST", body: jetCluster(name, spec) });
      if (status !== 201) throw new Error(`JetCluster ${name}: ${JSON.stringify(body)}`);
    },
    judgePatch: (name, patch) => send({ method: "PATCH", path: name, query: { dryRun: "All" }, body: patch }),
    async stop() {
      await agent.destroy();
      await server.stop();
    },
  };
}

export const jetCluster = (name: string, spec: Json): Json => ({ apiVersion, kind, metadata: { name }, spec });

function agentOf(server: TestApiServer): Agent {
  const { users } = parse(readFileSync(server.kubeconfig, "utf8"));
  const { user } = users[0];
  const [ca, cert, key] = [server.caFile, user["client-certificate"], user["client-key"]].map((file) =>
    readFileSync(file, "utf8"),
  );
  return new Agent({ connect: { ca: ca!, cert: cert!, key: key! }, bodyTimeout: 60_000, headersTimeout: 60_000 });
}

async function sendCall(url: string, agent: Agent, call: Call): Promise<Verdict> {
  const path = `/apis/${group}/${version}/namespaces/default/${plural}${call.path ? `/${call.path}` : ""}`;
  const answer = await request(`${url}${path}?${new URLSearchParams(call.query)}`, {
    dispatcher: agent,
    method: call.method,
    headers: { "content-type": call.contentType ?? defaultContentType(call.method) },
    ...(call.body && { body: JSON.stringify(call.body) }),
  });
  const body = (await answer.body.json()) as Body;
  const causes = (body.details?.causes ?? []).map(({ field = "", reason, message }) => ({
    field: field.replaceAll(/\[\d+\]/g, "[]"),
    reason,
    message,
  }));
  const { warning = [] } = answer.headers;
  return { status: answer.statusCode, body, causes, warnings: [warning].flat().join("\n") };
}

function defaultContentType(method: Call["method"]): string {
  return method === "PATCH" ? "application/merge-patch+json" : "application/json";
}
