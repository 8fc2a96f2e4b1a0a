import { parseArgs } from "node:util";

export interface Arguments {
  readonly command: "list" | "show" | "verify";
  /** Where the volume is mounted. */
  readonly directory: string;
  /** As it was given: `7`, or `7-<nonce>` where a number alone is not enough. */
  readonly generation: string | undefined;
  readonly json: boolean;
}

/** The line names what was given and what is accepted. */
export class UsageError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "UsageError";
  }
}

export const usage = `Usage: archive <command> <directory> [--generation N] [--json]

  list     the generations on a volume, newest first
  show     what a generation holds: jobs, maps, what is not in it (default: the newest complete one)
  verify   reads every file back and compares it with the manifest (default: all generations)

  <directory>       where the archive volume is mounted; nothing in it is changed
  --generation N    one generation, by its number
  --json            for programs

Ends with 0, with 1 when something is damaged, missing or cannot be read, with 2 for arguments that are not accepted.
`;

const commands = ["list", "show", "verify"] as const;

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments {
  const [command, directory, ...more] = positionals(argv);
  const known = commands.find((name) => name === command);
  if (!known) {
    const given = command === undefined ? "no command" : `command "${command}"`;
    throw new UsageError(`${given}: ${commands.join(", ")} are accepted`);
  }
  if (directory === undefined) throw new UsageError(`${known}: the volume's directory is missing`);
  if (more.length > 0) throw new UsageError(`argument "${more[0]}": one directory is accepted`);
  const { generation, json = false } = flags(argv).values;
  if (generation !== undefined && !/^[1-9]\d{0,8}(-[0-9a-f]{16})?$/.test(generation)) {
    throw new UsageError(`--generation "${generation}": a number as \`archive list\` shows it is accepted`);
  }
  if (generation !== undefined && known === "list") throw new UsageError("--generation: not accepted by list");
  return { command: known, directory, generation, json };
}

function positionals(argv: readonly string[]): readonly string[] {
  return flags(argv).positionals;
}

function flags(argv: readonly string[]) {
  try {
    const options = { generation: { type: "string" }, json: { type: "boolean" } } as const;
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
