import { basename } from "node:path";
import { ArchiveError } from "../errors.ts";
import { type FoundGeneration, listGenerations } from "../generations.ts";
import { type FileResult, verifyGeneration } from "../verify.ts";
import { volumeOwner } from "../volume.ts";
import { type Arguments, parseArguments, UsageError, usage } from "./arguments.ts";
import { factsOf } from "./facts.ts";
import { listText } from "./list.ts";
import { showText } from "./show.ts";
import { printable, sizeText } from "./text.ts";

export interface Output {
  /** What was asked for. */
  print(text: string): void;
  /** What is wrong. */
  complain(text: string): void;
}

/**
 * Looks at a volume without a cluster, and changes nothing on it.
 * @param argv after the program's name
 * @returns the exit code: 0; 1 when something is damaged, missing or cannot be read; 2 for arguments that are not accepted
 */
export async function runCommand(argv: readonly string[], output: Output): Promise<number> {
  if (argv.includes("--help")) {
    output.print(usage);
    return 0;
  }
  try {
    const parsed = parseArguments(argv);
    refuseGenerationDirectory(parsed.directory);
    return await handlers[parsed.command](parsed, output);
  } catch (error) {
    if (error instanceof UsageError) {
      output.complain(`${printable(error.message)}\n\n${usage}`);
      return 2;
    }
    if (!(error instanceof ArchiveError)) throw error;
    output.complain(`${printable(error.message)}\n`);
    return 1;
  }
}

const handlers: Record<Arguments["command"], (parsed: Arguments, output: Output) => Promise<number>> = {
  list: async ({ directory, json }, { print }) => {
    const [owner, found] = [await volumeOwner(directory), await listGenerations(directory)];
    const generations = found.map(factsOf);
    print(json ? jsonText({ owner, generations }) : listText(owner, generations));
    return generations.some(({ state }) => state === "unreadable") ? 1 : 0;
  },
  show: async ({ directory, generation, json }, { print }) => {
    const found = await listGenerations(directory);
    const chosen = generation === undefined ? newestComplete(directory, found) : named(directory, found, generation);
    const { content } = chosen;
    if (content.kind === "unreadable") throw content.error;
    if (content.kind === "interrupted")
      throw new ArchiveError(chosen.directory, "has no manifest: its save did not end");
    const { manifest, digest, verified } = content;
    print(json ? jsonText({ digest, verified, manifest }) : showText(manifest, digest));
    return 0;
  },
  verify: async ({ directory, generation, json }, { print }) => {
    const found = await listGenerations(directory);
    if (generation === undefined) newestComplete(directory, found);
    const chosen = generation === undefined ? found : [named(directory, found, generation)];
    const verdicts: Verdict[] = [];
    for (const each of chosen) {
      const verdict = await verdictOn(each);
      verdicts.push(verdict);
      if (!json) print(verdictText(verdict));
    }
    if (json) print(jsonText({ generations: verdicts }));
    const all = new Set(verdicts.map(({ verdict }) => verdict));
    return all.has("good") && !all.has("damaged") ? 0 : 1;
  },
};

interface Verdict {
  readonly number: number;
  readonly nonce: string;
  readonly verdict: "good" | "damaged" | "interrupted";
  readonly problem?: string;
  readonly files: readonly FileResult[];
}

async function verdictOn(found: FoundGeneration): Promise<Verdict> {
  const { number, nonce, content } = found;
  if (content.kind === "interrupted") return { number, nonce, verdict: "interrupted", files: [] };
  if (content.kind === "unreadable") {
    return { number, nonce, verdict: "damaged", problem: content.error.message, files: [] };
  }
  const files = await verifyGeneration(found, content.manifest);
  const damaged = files.some(({ problem }) => problem !== undefined);
  return { number, nonce, verdict: damaged ? "damaged" : "good", files };
}

function verdictText({ number, verdict, problem, files }: Verdict): string {
  const problems = [problem, ...files.map((file) => file.problem)].filter((each) => each !== undefined);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const entries = files.reduce((sum, file) => sum + file.entries, 0);
  const what = {
    good: `good: ${files.length} files, ${entries} entries, ${sizeText(bytes)}`,
    damaged: `DAMAGED: ${problems.length} problem${problems.length === 1 ? "" : "s"}`,
    interrupted: "no manifest: its save did not end, it is no archive",
  }[verdict];
  return `Generation ${number}: ${what}\n${problems.map((each) => `  ${printable(each)}\n`).join("")}`;
}

function newestComplete(volume: string, found: readonly FoundGeneration[]): FoundGeneration {
  const newest = found.find(({ content }) => content.kind === "complete") ?? found[0];
  if (!newest) throw new ArchiveError(volume, "holds no generation");
  return newest;
}

function named(volume: string, found: readonly FoundGeneration[], wanted: string): FoundGeneration {
  const fitting = found.filter(({ number, nonce }) => wanted === String(number) || wanted === `${number}-${nonce}`);
  const [one, ...others] = fitting;
  if (one && others.length === 0) return one;
  if (one) {
    const names = fitting.map(({ number, nonce }) => `${number}-${nonce}`).join(", ");
    throw new UsageError(`--generation ${wanted}: there are several; one of ${names} is accepted`);
  }
  const there = found.map(({ number }) => number).join(", ");
  throw new ArchiveError(
    volume,
    `holds no generation ${wanted}; ${there === "" ? "there is none" : `there are ${there}`}`,
  );
}

function refuseGenerationDirectory(directory: string): void {
  const number = /^generation-(\d+)-[0-9a-f]{16}$/.exec(basename(directory))?.[1];
  if (number === undefined) return;
  throw new UsageError(
    `directory "${directory}" is one generation: the volume's directory and --generation ${number} are accepted`,
  );
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
