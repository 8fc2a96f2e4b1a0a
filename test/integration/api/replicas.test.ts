import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CommandFailed } from "../../cluster/run.ts";
import { type JetClusterServer, jetCluster, startJetClusterServer, type Verdict } from "./jet-cluster-server.ts";

let api: JetClusterServer;

beforeAll(async () => {
  api = await startJetClusterServer();
  await api.make("scaled", {});
  await api.make("rounded", { evenReplicas: "RoundUp" });
});
afterAll(() => api?.stop());

const even =
  "replicas must be odd (1 to 99), or 0 to stop the cluster: of an even number, a split can leave two halves on which no protected job may run; ask for one more or one less, or set evenReplicas to RoundUp";

const tooSmall = "should be greater than or equal to 0";
const tooLarge = "should be less than or equal to 99";
const notWhole = "must be of type integer";

const sizes: readonly { replicas: unknown; refused?: string }[] = [
  { replicas: 0 },
  { replicas: 1 },
  { replicas: 2, refused: even },
  { replicas: 3 },
  { replicas: 4, refused: even },
  { replicas: 98, refused: even },
  { replicas: 99 },
  { replicas: 100, refused: tooLarge },
  { replicas: 101, refused: tooLarge },
  { replicas: -1, refused: tooSmall },
  { replicas: 2 ** 31, refused: tooLarge },
  { replicas: 2 ** 63, refused: tooLarge },
  { replicas: "3", refused: notWhole },
  { replicas: 1.5, refused: notWhole },
  { replicas: true, refused: notWhole },
];

/** The first complaint about the size; what follows says that rules were not looked at. */
function complaint({ status, causes }: Verdict): string | undefined {
  if (status < 300) return undefined;
  const about = causes.filter(({ field }) => field === "spec.replicas");
  return about.map(({ message }) => message).join("; ");
}

function expectVerdict(verdict: Verdict, refused: string | undefined): void {
  if (refused === undefined) expect(verdict).toMatchObject({ causes: [] });
  expect(complaint(verdict)).toEqual(refused === undefined ? undefined : expect.stringContaining(refused));
}

describe("a JetCluster with replicas", () => {
  test.each(sizes)("$replicas at creation", async ({ replicas, refused }) => {
    expectVerdict(await api.judge({ replicas }), refused);
  });

  test.each(sizes)("$replicas by a patch", async ({ replicas, refused }) => {
    expectVerdict(await api.judgePatch("scaled", { spec: { replicas } }), refused);
  });

  test("absent has three members, also when a client says null", async () => {
    expect((await api.judge({})).body).toMatchObject({ spec: { replicas: 3 } });
    expect((await api.judge({ replicas: null })).body).toMatchObject({ spec: { replicas: 3 } });
  });
});

describe("the scale subresource", () => {
  const scale = (name: string, replicas: unknown, query: Record<string, string> = {}) =>
    api.send({ method: "PATCH", path: `${name}/scale`, query, body: { spec: { replicas } } });

  const wholeNumbers = sizes.filter(
    ({ replicas }) => Number.isSafeInteger(replicas) && Math.abs(Number(replicas)) < 2 ** 31,
  );
  test.each(wholeNumbers)("judges $replicas as the object does", async ({ replicas, refused }) => {
    const verdict = await scale("scaled", replicas, { dryRun: "All" });
    expect(verdict.status).toBe(refused === undefined ? 200 : 422);
    if (refused !== undefined)
      expect(JSON.stringify(verdict.body)).toContain(refused === tooSmall ? "greater than or equal to 0" : refused);
  });

  test.each(["3", 1.5])("takes no %j for a number", async (replicas) => {
    const { status } = await scale("scaled", replicas, { dryRun: "All" });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  test("takes even numbers where they are rounded up, and leaves the wish as it is", async () => {
    expect((await scale("rounded", 4)).status).toBe(200);
    expect((await api.send({ method: "GET", path: "rounded" })).body).toMatchObject({ spec: { replicas: 4 } });
    expect(complaint(await api.judgePatch("rounded", { spec: { evenReplicas: "Reject" } }))).toContain(even);
  });

  test("tells autoscalers the size and the selector from status", async () => {
    const status = { replicas: 3, selector: "jet-operator.io/cluster=scaled" };
    expect((await api.send({ method: "PATCH", path: "scaled/status", body: { status } })).status).toBe(200);
    const { body } = await api.send({ method: "GET", path: "scaled/scale" });
    expect(body).toMatchObject({ spec: { replicas: 3 }, status });
  });
});

describe("kubectl", () => {
  const said = async (run: Promise<string>) => {
    const failure = await run.then(
      (output) => `it was taken: ${output}`,
      (error) => error,
    );
    expect(failure).toBeInstanceOf(CommandFailed);
    return (failure as CommandFailed).output;
  };

  beforeEach(() => api.send({ method: "PATCH", path: "scaled", body: { spec: { replicas: 3 } } }));

  test("apply says why an even number is refused", async () => {
    const object = JSON.stringify(jetCluster("even", { replicas: 4 }));
    expect(await said(api.server.kubectl(["apply", "-f", "-"], object))).toContain(
      `spec.replicas: Invalid value: "object": ${even}`,
    );
  });

  test("scale says why an even number is refused, and takes an odd one", async () => {
    expect(await said(api.server.kubectl(["scale", "jet/scaled", "--replicas=4"]))).toContain(even);
    await api.server.kubectl(["scale", "jetclusters/scaled", "--replicas=5"]);
    expect((await api.send({ method: "GET", path: "scaled" })).body).toMatchObject({ spec: { replicas: 5 } });
  });
});
