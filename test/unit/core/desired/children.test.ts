import { describe, expect, test } from "vitest";
import { absentChildren, type Child, undisruptiveChildren } from "../../../../src/core/desired/children.ts";
import { templateHash } from "../../../../src/core/desired/pod-template.ts";
import { childrenObjects, desiredContext, everyFlavour, hotRestart } from "./desired-fixture.ts";

const names = (children: readonly Child[]) =>
  children.map(({ resource, object }) => `${resource}/${object.metadata?.name}`);

describe("the children of a cluster", () => {
  test("are all there, the network policy before anything that could be reached", () => {
    expect(names(undisruptiveChildren(desiredContext(), undefined))).toEqual([
      "serviceAccounts/orders",
      "networkPolicies/orders",
      "configMaps/orders-config",
      "services/orders-members",
      "services/orders",
      "podDisruptionBudgets/orders",
    ]);
    expect(absentChildren(desiredContext())).toEqual([{ resource: "networkPolicies", name: "orders-archive" }]);
  });

  test("are without a network policy when the spec wants none, which is then to be deleted", () => {
    const context = desiredContext({ spec: { network: { policy: "None" } } });
    expect(names(undisruptiveChildren(context, undefined))).not.toContain("networkPolicies/orders");
    expect(absentChildren(context)).toEqual([
      { resource: "networkPolicies", name: "orders" },
      { resource: "networkPolicies", name: "orders-archive" },
    ]);
  });

  test("have a policy for the pods that save and restore, where there may be any", () => {
    const losslessRestart = { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } };
    const context = desiredContext({ spec: { losslessRestart } });
    expect(names(undisruptiveChildren(context, undefined))).toContain("networkPolicies/orders-archive");
    expect(absentChildren(context)).toEqual([]);
  });

  test("leave the configuration alone while the pods are of another template", () => {
    const context = desiredContext();
    expect(names(undisruptiveChildren(context, { templateHash: "another" }))).not.toContain("configMaps/orders-config");
    expect(names(undisruptiveChildren(context, { templateHash: undefined }))).not.toContain("configMaps/orders-config");
  });

  test("put the configuration right once the StatefulSet has the template that goes with it", () => {
    const context = desiredContext();
    const live = { templateHash: templateHash(context) };
    expect(names(undisruptiveChildren(context, live))).toContain("configMaps/orders-config");
  });

  test.each(everyFlavour)("of %s are found by the operator's watch and belong to the JetCluster", (_, context) => {
    for (const object of childrenObjects(context)) {
      expect(object.metadata?.namespace).toBe("shop");
      expect(object.metadata?.labels).toMatchObject({
        "app.kubernetes.io/managed-by": "jet-operator",
        "jet-operator.io/cluster": "orders",
      });
      expect(object.metadata?.ownerReferences).toEqual([
        {
          apiVersion: "jet-operator.io/v1beta1",
          kind: "JetCluster",
          name: "orders",
          uid: "uid-of-orders",
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    }
  });

  test.each(everyFlavour)("of %s are plain JSON without anything undefined", (_, context) => {
    for (const object of childrenObjects(context)) expect(JSON.parse(JSON.stringify(object))).toStrictEqual(object);
  });

  test("are the same for the same context, and do not change it", () => {
    const context = desiredContext({ spec: { ...hotRestart, config: { hazelcast: { map: { a: {} } } } } });
    const before = structuredClone(context);
    expect(childrenObjects(context)).toEqual(childrenObjects(structuredClone(context)));
    expect(context).toEqual(before);
  });

  test.each([0, 1, 2])("let evictions take %i pods, and always one that is not ready", (disruptionsAllowed) => {
    const children = undisruptiveChildren(desiredContext({ disruptionsAllowed }), undefined);
    const budget = children.find(({ resource }) => resource === "podDisruptionBudgets")?.object;
    expect(budget).toMatchObject({
      spec: {
        maxUnavailable: disruptionsAllowed,
        selector: { matchLabels: { "jet-operator.io/cluster": "orders" } },
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    });
  });

  test("give members an account without a token", () => {
    const [account] = undisruptiveChildren(desiredContext(), undefined);
    expect(account?.object).toMatchObject({ kind: "ServiceAccount", automountServiceAccountToken: false });
  });
});
