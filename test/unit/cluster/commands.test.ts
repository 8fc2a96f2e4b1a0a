import { expect, test } from "vitest";
import { runCommand } from "../../cluster/commands.ts";

test.each([
  [[], /^a command is missing\n.*up \[--nodes 1\|2\].*down.*status.*kubectl/s],
  [["start"], /^"start" is not a command\n.*up \[--nodes/s],
  [["toString"], /^"toString" is not a command/],
  [["up", "--nodes", "3"], /^--nodes is "3"; accepted are 1 and 2$/],
  [["up", "--nodes=0"], /^--nodes is "0"; accepted are 1 and 2$/],
  [["up", "--nodes"], /^--nodes is ""; accepted are 1 and 2$/],
  [["up", "--fresh"], /^up: "--fresh" is not known; accepted is --nodes 1 or --nodes 2$/],
  [["down", "now"], /^down: "now" is not known; accepted is --purge$/],
])("the command line %j is refused before anything is done", async (line, message) => {
  await expect(runCommand(line)).rejects.toThrow(message);
});
