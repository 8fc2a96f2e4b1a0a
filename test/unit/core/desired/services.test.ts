import { describe, expect, test } from "vitest";
import { podTemplate } from "../../../../src/core/desired/pod-template.ts";
import { clientService, headlessService } from "../../../../src/core/desired/services.ts";
import { selects } from "../../../cluster/selectors.ts";
import { desiredContext } from "./desired-fixture.ts";

const selected = (selector: Record<string, string> | undefined, labels: Record<string, string> | undefined) =>
  selects({ matchLabels: selector ?? {} }, labels ?? {});

describe("the client Service", () => {
  test("selects the members of this cluster, and only them, while the gate is open", () => {
    const context = desiredContext();
    const selector = clientService(context).spec?.selector;
    expect(selector).toEqual({ "jet-operator.io/cluster": "orders" });
    expect(selected(selector, podTemplate(context).metadata?.labels)).toBe(true);
  });

  test("selects nobody while the gate is closed, whatever labels a person gives the pods", () => {
    const labels = { "jet-operator.io/gate": "closed", team: "data" };
    const context = desiredContext({ gate: "closed", spec: { podMetadata: { labels } } });
    const selector = clientService(context).spec?.selector;
    // An empty or absent selector would leave the endpoints as they were.
    expect(Object.keys(selector ?? {}).length).toBeGreaterThan(1);
    expect(selected(selector, podTemplate(context).metadata?.labels)).toBe(false);
  });

  test.each(["ClusterIP", "NodePort", "LoadBalancer"] as const)("is of type %s when the spec says so", (type) => {
    const { spec, metadata } = clientService(desiredContext({ spec: { service: { type, annotations: { lb: "x" } } } }));
    expect(spec?.type).toBe(type);
    expect(metadata?.annotations).toEqual({ lb: "x" });
  });

  test("does not send clients to members that are not ready", () => {
    expect(clientService(desiredContext()).spec?.publishNotReadyAddresses).toBeUndefined();
  });

  test("leads to the member port by its name", () => {
    expect(clientService(desiredContext()).spec?.ports).toEqual([
      { name: "member", port: 5701, protocol: "TCP", targetPort: "member" },
    ]);
  });
});

describe("the headless Service", () => {
  test.each(["open", "closed"] as const)("names also members that are not ready, the gate being %s", (gate) => {
    const { metadata, spec } = headlessService(desiredContext({ gate }));
    expect(metadata?.name).toBe("orders-members");
    expect(spec).toMatchObject({
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: { "jet-operator.io/cluster": "orders" },
    });
  });
});
