import { describe, expect, test } from "vitest";
import { createRateLimiter } from "../../../src/kube/rate-limiter.ts";
import { backgroundPriority, createWorkqueue, type WorkqueueObserver } from "../../../src/kube/workqueue.ts";
import { manualClock, settle } from "./manual-clock.ts";

function setUp() {
  const clock = manualClock(0);
  const told: string[] = [];
  const observer: WorkqueueObserver = {
    added: () => told.push("added"),
    depth: () => undefined,
    waited: (seconds) => told.push(`waited ${seconds}`),
    worked: (seconds) => told.push(`worked ${seconds}`),
    retried: () => told.push("retried"),
  };
  const queue = createWorkqueue({ clock, observer, limiter: createRateLimiter({ clock, baseMillis: 100 }) });
  return { clock, queue, told };
}

/** What `next` gives now, or "nothing" while it waits. */
async function now(next: Promise<string | undefined>): Promise<string | undefined> {
  return Promise.race([next, settle().then(() => "nothing")]);
}

describe("a work queue", () => {
  test("holds a key once, however often it is added", async () => {
    const { queue } = setUp();
    for (const key of ["a", "b", "a"]) queue.add(key);
    expect([await queue.next(), await queue.next(), await now(queue.next())]).toEqual(["a", "b", "nothing"]);
  });

  test("gives a key that is in work to nobody else, and again once it is done", async () => {
    const { queue } = setUp();
    queue.add("a");
    await queue.next();
    queue.add("a");
    queue.add("a");
    const waiting = queue.next();
    expect(await now(waiting)).toBe("nothing");
    queue.done("a");
    expect(await now(waiting)).toBe("a");
    queue.done("a");
    expect(await now(queue.next())).toBe("nothing");
  });

  test("lets live events overtake the initial list, and keeps the order among equals", async () => {
    const { queue } = setUp();
    queue.add("old 1", { priority: backgroundPriority });
    queue.add("old 2", { priority: backgroundPriority });
    queue.add("old 3", { priority: backgroundPriority });
    queue.add("live");
    queue.add("old 3");
    const order = [await queue.next(), await queue.next(), await queue.next(), await queue.next()];
    expect(order).toEqual(["live", "old 3", "old 1", "old 2"]);
    expect(await now(queue.next())).toBe("nothing");
  });

  test("keeps the higher priority of a key that was added while in work", async () => {
    const { queue } = setUp();
    queue.add("a");
    await queue.next();
    queue.add("a", { priority: backgroundPriority });
    queue.add("a");
    queue.add("b", { priority: backgroundPriority });
    queue.done("a");
    expect(await queue.next()).toBe("a");
  });

  test("gives a delayed key when its time has come; an earlier time wins, a later one does not", async () => {
    const { clock, queue } = setUp();
    queue.add("a", { afterMillis: 1_000 });
    queue.add("a", { afterMillis: 5_000 });
    queue.add("a", { afterMillis: 500 });
    const next = queue.next();
    await clock.pass(499);
    expect(await now(next)).toBe("nothing");
    await clock.pass(1);
    expect(await now(next)).toBe("a");
    queue.done("a");
    const after = queue.next();
    await clock.pass(10_000);
    expect(await now(after)).toBe("nothing");
  });

  test("forgets a delay when a pass begins before: the pass says itself when to look again", async () => {
    const { clock, queue } = setUp();
    queue.add("a", { afterMillis: 1_000 });
    queue.add("a");
    expect(await queue.next()).toBe("a");
    queue.done("a");
    const next = queue.next();
    await clock.pass(5_000);
    expect(await now(next)).toBe("nothing");
  });

  test("keeps a delay that was asked for during the pass", async () => {
    const { clock, queue } = setUp();
    queue.add("a");
    await queue.next();
    queue.add("a", { afterMillis: 1_000 });
    queue.done("a");
    const next = queue.next();
    await clock.pass(1_000);
    expect(await now(next)).toBe("a");
  });

  test("waits longer after each failure in a row, and shortly again after a success", async () => {
    const { clock, queue } = setUp();
    const waits: number[] = [];
    for (let failure = 0; failure < 4; failure += 1) {
      if (failure === 3) queue.forget("a");
      queue.addRateLimited("a");
      const began = clock.monotonic();
      const next = queue.next();
      while ((await now(next)) === "nothing") await clock.pass(50);
      waits.push(clock.monotonic() - began);
      queue.done("a");
    }
    expect(waits).toEqual([100, 200, 400, 100]);
  });

  test("gives nothing out once shut down, and ends those who wait", async () => {
    const { queue } = setUp();
    const waiting = queue.next();
    queue.shutDown();
    queue.add("a");
    expect(await now(waiting)).toBeUndefined();
    expect(await now(queue.next())).toBeUndefined();
  });

  test("tells how long keys waited and were in work", async () => {
    const { clock, queue, told } = setUp();
    queue.add("a");
    await clock.pass(2_000);
    await queue.next();
    await clock.pass(3_000);
    expect(queue.unfinished()).toEqual({ sum: 3, longest: 3 });
    queue.done("a");
    queue.addRateLimited("a");
    expect(told).toEqual(["added", "waited 2", "worked 3", "retried"]);
    expect(queue.unfinished()).toEqual({ sum: 0, longest: 0 });
  });
});

test("a rate limiter's waits end at the maximum, however many failures there were", () => {
  const limiter = createRateLimiter({ baseMillis: 100, maxMillis: 1_000, clock: manualClock(0) });
  const waits = Array.from({ length: 2_000 }, () => limiter.failed("a"));
  expect(waits.slice(0, 5)).toEqual([100, 200, 400, 800, 1_000]);
  expect(waits.at(-1)).toBe(1_000);
});
