import { afterEach, describe, expect, test } from "vitest";
import { createController, type Reconcile } from "../../../src/kube/controller.ts";
import { ApiError, apiError, NotLeaderError } from "../../../src/kube/errors.ts";
import { createRateLimiter } from "../../../src/kube/rate-limiter.ts";
import { manualClock, settle } from "./manual-clock.ts";

let stop = new AbortController();
afterEach(() => stop.abort());

function setUp(reconcile: Reconcile, workers = 1) {
  stop = new AbortController();
  const clock = manualClock(0);
  const results: string[] = [];
  const errors: unknown[] = [];
  const nothing = () => undefined;
  const controller = createController({
    reconcile,
    workers,
    deadlineMillis: 60_000,
    clock,
    limiter: createRateLimiter({ clock, baseMillis: 1_000 }),
    onError: (key, error) => errors.push([key, error]),
    observer: {
      added: nothing,
      depth: nothing,
      waited: nothing,
      worked: nothing,
      retried: nothing,
      activeWorkers: nothing,
      reconciled: (result) => results.push(result),
    },
  });
  const run = controller.run(stop.signal);
  return { clock, controller, results, errors, run };
}

describe("a controller", () => {
  test("looks again after the time that a pass asks for, and not at all when it asks for none", async () => {
    const passes: number[] = [];
    const { clock, controller, results } = setUp(async () => {
      passes.push(clock.monotonic());
      return passes.length < 3 ? { requeueAfterMillis: 5_000 } : {};
    });
    const began = clock.monotonic();
    controller.enqueue("a");
    await clock.pass(60_000);
    expect(passes.map((at) => at - began)).toEqual([0, 5_000, 10_000]);
    expect(results).toEqual(["requeue_after", "requeue_after", "success"]);
  });

  test("tries a failed key again, longer and longer, and reports each failure", async () => {
    const passes: number[] = [];
    const { clock, controller, errors, results } = setUp(async () => {
      passes.push(clock.monotonic());
      if (passes.length < 4) throw new Error("no");
      return {};
    });
    const began = clock.monotonic();
    controller.enqueue("a");
    await clock.pass(60_000);
    expect(passes.map((at) => at - began)).toEqual([0, 1_000, 3_000, 7_000]);
    expect(errors).toEqual(Array(3).fill(["a", new Error("no")]));
    expect(results).toEqual(["error", "error", "error", "success"]);
  });

  test.each([
    ["a conflict", apiError("patch", 409, { reason: "Conflict" })],
    ["lost leadership", new NotLeaderError("patch")],
  ])("takes %s quietly, and looks again", async (_, error) => {
    let passes = 0;
    const { clock, controller, errors, results } = setUp(async () => {
      passes += 1;
      if (passes === 1) throw error;
      return {};
    });
    controller.enqueue("a");
    await clock.pass(5_000);
    expect(errors).toEqual([]);
    expect(results).toEqual(["conflict", "success"]);
  });

  test("also survives a reconcile that throws before it returns a promise", async () => {
    const { clock, controller, errors } = setUp(() => {
      throw new ApiError("get", 500, {});
    });
    controller.enqueue("a");
    await clock.pass(0);
    expect(errors).toHaveLength(1);
  });

  test("works on as many keys at a time as it has workers, never twice on one", async () => {
    const running: string[] = [];
    let most = 0;
    const release: (() => void)[] = [];
    const { controller } = setUp(async (key) => {
      expect(running).not.toContain(key);
      running.push(key);
      most = Math.max(most, running.length);
      await new Promise<void>((resolve) => release.push(resolve));
      running.splice(running.indexOf(key), 1);
      return {};
    }, 2);
    for (const key of ["a", "b", "c", "a"]) controller.enqueue(key);
    await settle();
    controller.enqueue("a");
    while (release.length > 0) {
      release.shift()?.();
      await settle();
    }
    expect(most).toBe(2);
  });

  test("aborts a pass at its deadline", async () => {
    const { clock, controller, errors } = setUp(
      (_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    controller.enqueue("a");
    await clock.pass(59_999);
    expect(errors).toEqual([]);
    await clock.pass(1);
    expect(String(errors[0])).toMatch(/reconcile a: .*60 s/);
  });

  test("at shutdown aborts the passes in work, waits for them, begins no other, and reports no errors", async () => {
    const began: string[] = [];
    const { controller, errors, run } = setUp(async (key, signal) => {
      began.push(key);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      throw signal.reason;
    });
    controller.enqueue("a");
    controller.enqueue("b");
    await settle();
    stop.abort(new Error("stop"));
    await run;
    expect(began).toEqual(["a"]);
    expect(errors).toEqual([]);
  });
});
