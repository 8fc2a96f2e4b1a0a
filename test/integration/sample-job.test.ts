import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../cluster/run.ts";

const sources = join(import.meta.dirname, "../sample-job");
let classes: string;

beforeAll(async () => {
  classes = mkdtempSync(join(tmpdir(), "sample-job-"));
  await run([
    "javac",
    "-d",
    classes,
    join(sources, "common/sample/KeyState.java"),
    join(sources, "check/sample/Replay.java"),
  ]);
});
afterAll(() => rmSync(classes, { recursive: true, force: true }));

async function replay(...events: (number | string)[]): Promise<string[]> {
  const said = await run(["java", "-Xshare:auto", "-cp", classes, "sample.Replay", "2", ...events.map(String)]);
  return said.trim().split("\n");
}

describe("the sample job's state of a key", () => {
  test("is right when every number came once", async () => {
    expect(await replay(0, 1, 2, 3, 4)).toEqual(["0:1:ok", "1:1:ok", "2:2:ok", "3:2:ok", "4:3:ok"]);
  });

  test("is wrong for ever once a number was lost", async () => {
    expect(await replay(0, 4, 6)).toEqual(["0:1:ok", "4:2:BAD", "6:3:BAD"]);
  });

  test("is wrong for ever once a number came twice", async () => {
    expect(await replay(0, 2, 2, 4)).toEqual(["0:1:ok", "2:2:ok", "2:3:BAD", "4:4:BAD"]);
  });

  test("is wrong for ever once it was lost itself, and the other key's is not", async () => {
    expect(await replay(0, 1, 2, 3, "forget:0", 4, 5, 6)).toEqual(
      expect.arrayContaining(["4:1:BAD", "5:3:ok", "6:2:BAD"]),
    );
  });
});
