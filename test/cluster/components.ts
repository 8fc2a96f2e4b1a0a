import { controlPlane } from "./control-plane.ts";
import { enter, nodeProcesses } from "./holder.ts";
import { nodeComponents, provisioner } from "./node.ts";
import { type NodePlan, nodePlans } from "./paths.ts";
import { Hopeless, until } from "./run.ts";

/** The first node carries the control plane too. */
export function componentsOf(node: NodePlan): string[] {
  const own = Object.keys(nodeComponents);
  return node.index === 1 ? [...Object.keys(controlPlane), "provisioner", ...own] : own;
}

/** Starts what does not run yet, in the node's namespaces. @throws Error when the node has no holder. */
export function startComponents(node: NodePlan, names: readonly string[]): void {
  const processes = nodeProcesses(node);
  const holder = processes.running("holder");
  if (!holder) throw new Error(`${node.name} has no holder process`);
  for (const name of names) {
    if (!processes.running(name)) processes.start(name, enter(holder, ...commandLine(node, name)));
  }
}

function commandLine(node: NodePlan, name: string): string[] {
  if (name === "provisioner") return provisioner();
  const command = controlPlane[name]?.() ?? nodeComponents[name]?.(node);
  if (!command) throw new Error(`there is no component "${name}"`);
  return command;
}

/** Ends a component and starts it again, as a crash or an upgrade would. */
export async function restartComponent(name: string, node: NodePlan = nodePlans[0]): Promise<void> {
  await nodeProcesses(node).stop(name);
  startComponents(node, [name]);
}

export interface Waiting {
  /** What is awaited, for the error and the progress lines. */
  readonly what: string;
  readonly node: NodePlan;
  /** Components without which waiting is pointless. */
  readonly components: readonly string[];
  readonly progress: (line: string) => void;
}

const limitMillis = 300_000;

/** Tries until `probe` gives something. @throws Error with the last words of a component that ended meanwhile. */
export async function waitFor<T>(waiting: Waiting, probe: () => Promise<T | undefined>): Promise<T> {
  const { what, node, components, progress } = waiting;
  const processes = nodeProcesses(node);
  const ticker = setInterval(() => progress(`still waiting for ${what}`), 10_000);
  try {
    return await until(
      what,
      async () => {
        const ended = components.find((name) => !processes.running(name));
        if (ended) throw new Hopeless(`${what}: ${ended} ended:\n${processes.lastWords(ended)}`);
        return probe();
      },
      { timeoutMillis: limitMillis, everyMillis: 100 },
    );
  } finally {
    clearInterval(ticker);
  }
}
