import { describe, expect, test } from "vitest";
import { type Machine, missingPrerequisites } from "../../cluster/prerequisites.ts";

const complete = ["go", "jlink", "mvn", "apt-get"];

function machine(traits: { root?: boolean; without?: readonly string[] } = {}): Machine {
  const { root = true, without = [] } = traits;
  return { root, has: async (program) => complete.includes(program) && !without.includes(program) };
}

describe("what a machine lacks for the throw-away cluster", () => {
  test("a complete machine lacks nothing", async () => {
    expect(await missingPrerequisites(machine())).toEqual([]);
  });

  test.each([
    ["root", { root: false }, /^root: .* run it as root or with sudo/],
    ["Go", { without: ["go"] }, /^Go 1\.\d+ or newer \(go not found in PATH\), to build Kubernetes/],
    ["a JDK", { without: ["jlink"] }, /^a JDK 17 or newer .*\(jlink not found in PATH\), to make the engine images/],
    ["Maven", { without: ["mvn"] }, /^Maven \(mvn not found in PATH\)/],
    ["apt-get", { without: ["apt-get"] }, /Debian.*\(apt-get not found in PATH\)/],
  ])("without %s it says so, and what it is for", async (_, traits, message) => {
    expect(await missingPrerequisites(machine(traits))).toEqual([expect.stringMatching(message)]);
  });

  test("everything that is missing is named at once", async () => {
    expect(await missingPrerequisites(machine({ root: false, without: complete }))).toHaveLength(5);
  });
});
