import { describe, expect, test } from "vitest";
import { firstUnmet, safe, settled } from "../../../../src/core/plan/gates.ts";
import { addressOf, type Case, now, observe, seen, uuidOf } from "../observation-fixture.ts";

const youngAlone: Case = {
  size: 3,
  version: "4.5.4",
  islands: [[0, 1], [2]],
  pod: { 2: { createdAt: now - 20_000 } },
  member: all(3, { joinedByOwnWord: undefined }),
};

const onePassive = { 0: { clusterState: "PASSIVE" as const } };
const allPassive = (size: number) => all(size, { clusterState: "PASSIVE" as const });
const notMade = (says: string) => ({ object: "Pod/orders-2", says: `FailedCreate: ${says}` });

const checkOf = (about: Case) => firstUnmet(observe(about), [...settled, safe])?.check;

describe("settled and safe", () => {
  test.each<[string, Case]>([
    ["one member", { size: 1 }],
    ["three members in one view", { size: 3 }],
    ["a master that is not ordinal 0", { size: 3, islands: [[2, 0, 1]] }],
    [
      "stand-alone Jet without a ready endpoint",
      { size: 3, version: "4.5.4", member: all(3, { joinedByOwnWord: undefined }) },
    ],
  ])("holds with %s", (_, about) => {
    expect(checkOf(about)).toBeUndefined();
  });

  test.each<[string, string, Case]>([
    ["PodsNotReady", "a pod that is not there", { size: 3, pods: [0, 1] }],
    ["PodsNotReady", "a pod that is not ready", { size: 3, pod: { 1: { ready: false } } }],
    ["PodsNotReady", "a pod that is terminating although ready", { size: 3, pod: { 1: { terminating: true } } }],
    ["PodsLeaving", "a pod above the size", { size: 3, pods: [0, 1, 2, 3], islands: [[0, 1, 2]] }],
    ["MembersUnknown", "a member that does not answer", { size: 3, member: { 2: "timeout" } }],
    ["MembersUnknown", "a pod without an address", { size: 3, pod: { 2: { address: undefined } } }],
    ["MembersUnknown", "nobody who answers", { size: 3, member: { 0: "timeout", 1: "timeout", 2: "timeout" } }],
    [
      "ViewsDiffer",
      "two islands",
      {
        size: 5,
        islands: [
          [0, 1],
          [2, 3, 4],
        ],
      },
    ],
    ["PassiveSide", "a PASSIVE member apart from ACTIVE ones", { size: 3, islands: [[1, 2], [0]], member: onePassive }],
    ["ViewsDiffer", "members apart that are all PASSIVE", { size: 3, islands: [[1, 2], [0]], member: allPassive(3) }],
    [
      "ViewsDiffer",
      "a PASSIVE member that has not heard of the others yet",
      { size: 3, member: { 0: { clusterState: "PASSIVE", view: seen(0) } } },
    ],
    ["ViewsDiffer", "a member that is joined and alone", { size: 3, islands: [[0, 1], [2]] }],
    ["ViewsDiffer", "the same members under two masters", { size: 3, member: { 2: { view: seen(1, 0, 2) } } }],
    ["ViewsDiffer", "a view that lacks one who sees all", { size: 3, member: { 2: { view: seen(0, 2) } } }],
    [
      "MembersJoining",
      "a member whose own view is itself before the join",
      { size: 3, islands: [[0, 1], [2]], member: { 2: { joinedByOwnWord: false } } },
    ],
    ["MembersJoining", "a 4.x member that is young and alone", youngAlone],
    [
      "MembersJoining",
      "a pod that nobody sees",
      {
        size: 3,
        member: { 0: { view: seen(0, 1) }, 1: { view: seen(0, 1) }, 2: { view: seen(2), joinedByOwnWord: false } },
      },
    ],
    ["ForeignMembers", "a member from outside", { size: 3, member: all(3, { view: seen(0, 1, 2, 9) }) }],
    [
      "ForeignMembers",
      "a dead member still in the view, under the address of the one that came after it",
      { size: 3, member: all(3, { view: [...seen(0, 1, 2), { uuid: "dead", address: `[${addressOf(2)}]:5701` }] }) },
    ],
    [
      "ForeignClusterState",
      "a cluster that a person made passive",
      { size: 3, member: all(3, { clusterState: "PASSIVE" }) },
    ],
    ["ForeignClusterState", "members in different states", { size: 3, member: { 0: { clusterState: "FROZEN" } } }],
    [
      "MembersLeaving",
      "a member that shuts down before its pod shows it",
      { size: 3, member: { 1: { nodeState: "PASSIVE" } } },
    ],
    ["PartitionsNotSafe", "a member that is not safe", { size: 3, member: { 1: { safe: false } } }],
    ["PartitionsNotSafe", "a safe member with migrations queued", { size: 3, member: { 1: { migrations: 2 } } }],
  ])("%s with %s", (check, _, about) => {
    expect(checkOf(about)).toBe(check);
  });

  test("a 4.x member that stays alone beyond its start-up budget is a split, not a join", () => {
    const about = { ...youngAlone, pod: { 2: { createdAt: now - 301_000 } } };
    expect(checkOf(about)).toBe("ViewsDiffer");
  });

  test("each refusal says what it saw and what helps", () => {
    const unmet = firstUnmet(observe({ size: 3, pod: { 1: { ready: false, trouble: "ImagePullBackOff" } } }), settled);
    expect(unmet).toEqual({
      check: "PodsNotReady",
      observed: "orders-1: ImagePullBackOff",
      needed: "3 pods ready",
      remedy: "correct spec.version or spec.image, add spec.imagePullSecrets, or push the image",
    });
  });

  const noPod: Case = { size: 3, pods: [0, 1] };
  const pending = (trouble: string): Case => ({ size: 3, pod: { 2: { ready: false, address: undefined, trouble } } });
  const noRoom = "Unschedulable: 0/1 nodes are available: 1 Insufficient memory. no new claims to deallocate";
  test.each<[string, Case, string, RegExp]>([
    ["a quota", { ...noPod, troubles: [notMade("exceeded quota: few, requested: pods=1")] }, "few", /ResourceQuota/],
    ["a limit range", { ...noPod, troubles: [notMade("maximum memory usage per Pod is 1Gi")] }, "1Gi", /LimitRange/],
    ["Pod Security", { ...noPod, troubles: [notMade('violates PodSecurity "restricted"')] }, "restrict", /enforce/],
    ["a policy", { ...noPod, troubles: [notMade("ValidatingAdmissionPolicy 'p' denied")] }, "'p'", /policy or webhook/],
    ["too little memory", pending(noRoom), "Insufficient memory", /^add nodes/],
    [
      "a node selector that nobody matches",
      pending("Unschedulable: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
      "didn't match",
      /spec.scheduling/,
    ],
    [
      "a claim that does not bind",
      {
        ...pending("Unschedulable: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."),
        claims: [{}, {}, { bound: false }],
        troubles: [
          {
            object: "PersistentVolumeClaim/data-orders-2",
            says: 'ProvisioningFailed: storageclass.storage.k8s.io "fast" not found',
          },
        ],
      },
      'data-orders-2 is not bound: ProvisioningFailed: storageclass.storage.k8s.io "fast" not found',
      /storage class/,
    ],
    ["what nobody knows", pending("SchedulerError: unheard of"), "unheard of", /kubectl describe pod/],
  ])("a pod kept away by %s is named with what helps", (_, about, said, helps) => {
    const unmet = firstUnmet(observe(about), settled);
    expect(unmet?.check).toBe("PodsNotReady");
    expect(unmet?.observed).toContain("orders-2: ");
    expect(unmet?.observed).toContain(said);
    expect(unmet?.remedy).toMatch(helps);
  });
});

function all<T>(size: number, said: T): Record<number, T> {
  return Object.fromEntries(
    Array.from({ length: size }, (_, ordinal) => [ordinal, { ...said, uuid: uuidOf(ordinal) }]),
  );
}
