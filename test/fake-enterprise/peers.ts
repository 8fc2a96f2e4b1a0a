import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { ClusterState, Facts } from "./facts.ts";
import type { Hello } from "./recovery.ts";

/**
 * What members say to each other: a protocol of this fake's own, for the engine's is nobody's business but the engine's.
 * One connection a question: `FEM`, the question as one line of JSON, the answer as another.
 */
export type Question =
  | { readonly kind: "hello" }
  | { readonly kind: "join"; readonly joiner: Hello }
  /** The master's new facts. */
  | { readonly kind: "facts"; readonly from: string; readonly facts: Facts }
  | { readonly kind: "ping"; readonly from: string }
  | { readonly kind: "leave"; readonly uuid: string }
  /** Is this member ready for another cluster state? */
  | { readonly kind: "prepare"; readonly to: ClusterState }
  /** The members' own part of the jobs' state, read at their start. */
  | { readonly kind: "shares" }
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "shutdown" };

/** What only the master does; any member passes it on. */
export type Command =
  | { readonly kind: "changeState"; readonly to: ClusterState }
  | { readonly kind: "submit"; readonly job: Submission }
  | { readonly kind: "suspend"; readonly id: string }
  | { readonly kind: "resume"; readonly id: string }
  | { readonly kind: "protect"; readonly id: string; readonly protection: boolean };

export interface Submission {
  readonly name?: string | undefined;
  readonly guarantee: "NONE" | "AT_LEAST_ONCE" | "EXACTLY_ONCE";
  readonly protection: boolean;
  readonly intervalMillis: number;
}

/** An exception of the engine, by its Java class, or a member's refusal. */
export class Refusal extends Error {
  readonly className: string;

  constructor(className: string, message: string) {
    super(message);
    this.className = className;
  }
}

/** The other member does not answer. `gone`: nobody listens at that address. */
export class Silence extends Error {
  readonly gone: boolean;

  constructor(message: string, gone: boolean) {
    super(message);
    this.gone = gone;
  }
}

export const peerGreeting = "FEM";

type Reply =
  | { readonly answer: unknown }
  | { readonly refused: { readonly className: string; readonly message: string } };

/**
 * Asks one member. `timeoutMillis` undefined: for as long as it takes.
 * @throws Refusal with what it said; Silence when it said nothing.
 */
export function ask(address: string, question: Question, timeoutMillis: number | undefined): Promise<unknown> {
  const { host, port } = endpointOf(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const timer =
      timeoutMillis === undefined ? undefined : setTimeout(() => end("no answer in time", false), timeoutMillis);
    const end = (why: string, gone: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Silence(`${address}: ${why}`, gone));
    };
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.message, isGone(error.code)));
    socket.once("connect", () => socket.write(`${peerGreeting}${JSON.stringify(question)}\n`));
    const lines = createInterface({ input: socket });
    // The interface passes the socket's errors on.
    lines.on("error", () => undefined);
    lines.once("line", (line) => {
      clearTimeout(timer);
      socket.destroy();
      const reply = JSON.parse(line) as Reply;
      if ("answer" in reply) resolve(reply.answer);
      else reject(new Refusal(reply.refused.className, reply.refused.message));
    });
    socket.once("close", () => end("closed without an answer", false));
  });
}

function isGone(code: string | undefined): boolean {
  return code === "ECONNREFUSED" || code === "EHOSTUNREACH" || code === "ECONNRESET";
}

/** Answers the question that comes on a connection whose greeting has been read. */
export function serve(socket: Socket, answer: (question: Question) => Promise<unknown>): void {
  const lines = createInterface({ input: socket });
  lines.on("error", () => undefined);
  lines.once("line", async (line) => {
    const reply = await replyTo(line, answer);
    if (!socket.destroyed) socket.end(`${JSON.stringify(reply)}\n`);
  });
}

async function replyTo(line: string, answer: (question: Question) => Promise<unknown>): Promise<Reply> {
  try {
    return { answer: (await answer(JSON.parse(line) as Question)) ?? null };
  } catch (error) {
    const className = error instanceof Refusal ? error.className : "java.lang.Exception";
    return { refused: { className, message: error instanceof Error ? error.message : String(error) } };
  }
}

/** `[10.244.0.5]:5701` → host and port. */
export function endpointOf(address: string): { host: string; port: number } {
  const [, host = "", port = "0"] = /^\[(.*)\]:(\d+)$/.exec(address) ?? [];
  return { host, port: Number(port) };
}
