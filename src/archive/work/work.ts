import { writeFile } from "node:fs/promises";
import type { AddressPolicy } from "../../engine/addresses.ts";
import { UsageError } from "../command/arguments.ts";
import type { Output } from "../command/command.ts";
import { parseTask, type Task } from "./arguments.ts";
import { serveHealth } from "./health.ts";
import { lastWordsOf } from "./last-words.ts";
import { restore } from "./restore-work.ts";
import { save } from "./save-work.ts";

export interface WorkOptions {
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Where the pod's last words go; the kubelet makes them part of the pod's status. */
  readonly lastWords: string;
  /** Default: pod addresses, loopback refused. */
  readonly addresses?: AddressPolicy;
}

/** What the kubelet takes at most. */
const lastWordsLimit = 4_000;

/**
 * `archive save …` and `archive restore …`, as the operator's Job runs them.
 * @returns the exit code: 0, 1 when it failed, 2 for arguments that are not accepted; why is in the pod's last words
 */
export async function runWork(does: Task["does"], argv: readonly string[], options: WorkOptions): Promise<number> {
  try {
    const task = parseTask(does, argv);
    const result = JSON.stringify(await perform(task, options));
    options.output.print(`${result}\n`);
    await speak(options, result);
    return 0;
  } catch (error) {
    const text = lastWordsOf(error);
    options.output.complain(`${text}\n`);
    await speak(options, text);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function perform(task: Task, { signal, addresses }: WorkOptions) {
  await using health = await serveHealth(task.healthPort);
  const access = { clusterName: task.clusterName, members: task.members, ...(addresses && { addresses }) };
  const options = { access, health, signal };
  return task.does === "save" ? await save(task, options) : await restore(task, options);
}

/** Without them the operator knows less, but nothing is lost. */
async function speak({ lastWords, output }: WorkOptions, text: string): Promise<void> {
  try {
    await writeFile(lastWords, text.slice(0, lastWordsLimit));
  } catch (error) {
    output.complain(`${lastWords}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
