import { expect, test } from "vitest";
import { apiError, isRefusal, type Status, TransportError } from "../../../src/kube/errors.ts";

// Answers of a real API server (1.34), shortened.
test.each<[string, boolean, number, Status]>([
  ["a quota", true, 403, { reason: "Forbidden", message: 'services "x" is forbidden: exceeded quota: few' }],
  ["a missing right", true, 403, { reason: "Forbidden", message: 'User "u" cannot patch resource "services"' }],
  ["a webhook that says no", true, 400, { message: 'admission webhook "w" denied the request: no' }],
  [
    "a webhook that does not answer",
    true,
    500,
    { reason: "InternalError", message: 'Internal error occurred: failed calling webhook "w": connection refused' },
  ],
  ["a policy that says no", true, 422, { reason: "Invalid", details: { name: "x", kind: "services" } }],
  ["an object that is too large", true, 413, { reason: "RequestEntityTooLarge" }],
  ["a failed test of a patch", false, 422, { reason: "Invalid", details: {} }],
  [
    "an apply that names another uid",
    false,
    422,
    { reason: "Invalid", details: { kind: "Service", causes: [{ field: "metadata.uid" }] } },
  ],
  ["a conflict", false, 409, { reason: "Conflict" }],
  ["nothing of that name", false, 404, { reason: "NotFound" }],
  ["a token that has run out", false, 401, { reason: "Unauthorized" }],
  ["a busy server", false, 429, { reason: "TooManyRequests" }],
  ["a server that fails", false, 500, { reason: "InternalError", message: "etcdserver: request timed out" }],
])("%s: refused for good = %s", (_, expected, status, body) => {
  expect(isRefusal(apiError("PATCH x", status, body))).toBe(expected);
});

test("no answer is no refusal", () => {
  expect(isRefusal(new TransportError("PATCH x", new Error("reset")))).toBe(false);
});
