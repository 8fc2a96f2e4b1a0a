import { runCommand } from "./archive/command/command.ts";

/** The image's second program: what is on an archive volume. */
process.exitCode = await runCommand(process.argv.slice(2), {
  print: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
});
