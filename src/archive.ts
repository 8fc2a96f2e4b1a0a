import { runCommand } from "./archive/command/command.ts";
import { runWork } from "./archive/work/work.ts";

const output = {
  print: (text: string) => process.stdout.write(text),
  complain: (text: string) => process.stderr.write(text),
};

/** The image's second program: looks at an archive volume, and does the work of the Jobs that save and restore. */
async function main([first, ...rest]: readonly string[]): Promise<number> {
  if (first !== "save" && first !== "restore") return runCommand(process.argv.slice(2), output);
  const ending = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => ending.abort(new Error(`ended by ${name} before it was done`)));
  }
  return runWork(first, rest, { output, signal: ending.signal, lastWords: "/dev/termination-log" });
}

process.exitCode = await main(process.argv.slice(2));
