import { expect, test } from "vitest";
import { serveHealth } from "../../../../src/archive/work/health.ts";

test("is not ready before it says so, and tells how far it is", async () => {
  await using health = await serveHealth(0);
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
    return { status: response.status, text: await response.text() };
  };
  expect(await get("/readyz")).toEqual({ status: 503, text: "not ready" });
  expect(await get("/progress")).toEqual({ status: 200, text: "{}" });
  health.ready();
  const progress = { step: "copying", entries: 1, entriesTotal: 2, bytes: 3, bytesPerSecond: 4, millisLeft: 5 };
  health.progress(progress);
  expect(await get("/readyz")).toEqual({ status: 200, text: "ready" });
  expect(JSON.parse((await get("/progress")).text)).toEqual(progress);
  expect((await get("/other")).status).toBe(404);
});
