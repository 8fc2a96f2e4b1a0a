import { describe, expect, test } from "vitest";
import { jetClusterSpec } from "../../../../src/api/jet-cluster.ts";
import { parseTask } from "../../../../src/archive/work/arguments.ts";
import { type ArchiveTask, archiveJob } from "../../../../src/core/desired/archive-job.ts";
import { desiredContext } from "../../core/desired/desired-fixture.ts";

const nonce = "0123456789abcdef";
const digest = "ab".repeat(32);

function argumentsOf(task: ArchiveTask, archive: object = {}): string[] {
  const losslessRestart = { mode: "Archive" as const, archive: { storage: { size: "1Gi" }, ...archive } };
  const config = { hazelcast: { map: { orders: { "map-store": { enabled: true } } } } };
  expect(jetClusterSpec.safeParse({ losslessRestart, config }).success).toBe(true);
  const job = archiveJob(desiredContext({ spec: { losslessRestart, config } }), task);
  return job.spec?.template.spec?.containers[0]?.args ?? [];
}

describe("the arguments of the Job that saves or restores", () => {
  test("are understood as the operator writes them: save", () => {
    const task: ArchiveTask = { does: "save", nonce, clusterName: "orders", size: 3, members: ["10.0.0.1", "fd00::2"] };
    const [does, ...rest] = argumentsOf(task, { keep: 4, maps: { exclude: ["scratch", "tmp*"] } });
    expect(does).toBe("save");
    expect(parseTask("save", rest)).toMatchObject({
      ...{
        does: "save",
        nonce,
        clusterName: "orders",
        size: 3,
        keep: 4,
        directory: "/archive",
        uid: "uid-of-orders",
      },
      owner: { namespace: "shop", name: "orders" },
      members: [
        { host: "10.0.0.1", port: 5701 },
        { host: "fd00::2", port: 5701 },
      ],
      exclude: ["scratch", "tmp*"],
      mapStores: ["orders"],
    });
  });

  test("are understood as the operator writes them: restore", () => {
    const task: ArchiveTask = {
      does: "restore",
      nonce,
      clusterName: "orders",
      size: 5,
      members: ["10.0.0.1"],
      generation: 7,
      digest,
    };
    const [does, ...rest] = argumentsOf(task);
    expect(does).toBe("restore");
    expect(parseTask("restore", rest)).toMatchObject({ does: "restore", nonce, generation: 7, digest });
    expect(parseTask("restore", rest)).not.toHaveProperty("mostQuorum");
    const [, ...lowered] = argumentsOf({ ...task, mostQuorum: 2 });
    expect(parseTask("restore", lowered)).toMatchObject({ does: "restore", mostQuorum: 2 });
  });

  test("give a restore the time that its user allows", () => {
    const losslessRestart = { mode: "Archive" as const, archive: { storage: { size: "1Gi" }, deadlineSeconds: 77 } };
    const task: ArchiveTask = {
      does: "restore",
      nonce,
      clusterName: "orders",
      size: 3,
      members: ["10.0.0.1"],
      generation: 7,
      digest,
    };
    expect(archiveJob(desiredContext({ spec: { losslessRestart } }), task).spec?.activeDeadlineSeconds).toBe(77);
  });

  const whole = argumentsOf({
    does: "restore",
    nonce,
    clusterName: "orders",
    size: 3,
    members: ["10.0.0.1"],
    generation: 7,
    digest,
  }).slice(1);
  const with_ = (name: string, value: string) =>
    whole.map((flag) => (flag.startsWith(`--${name}=`) ? `--${name}=${value}` : flag));

  test.each([
    ["a nonce that is none", with_("nonce", "x"), /--nonce: "x"/],
    ["a digest that is none", with_("digest", "abc"), /--digest: "abc"/],
    ["a generation that is none", with_("generation", "0"), /--generation: "0"/],
    ["a quorum that is none", [...whole, "--most-quorum=0"], /--most-quorum: "0"/],
    ["a member without a port", with_("member", "10.0.0.1"), /--member: \["10.0.0.1"\]/],
    ["no member", whole.filter((flag) => !flag.startsWith("--member=")), /--member: missing/],
    ["a flag of the other work", [...whole, "--keep=2"], /keep/],
    ["a flag that there is not", [...whole, "--colour=red"], /--colour/],
  ])("refuse %s, with flag and value", (_, argv, says) => {
    expect(() => parseTask("restore", argv)).toThrow(says);
  });
});
