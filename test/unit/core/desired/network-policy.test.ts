import { describe, expect, test } from "vitest";
import type { DesiredContext } from "../../../../src/core/desired/context.ts";
import { networkPolicy } from "../../../../src/core/desired/network-policy.ts";
import { type LabelSelector, type Labels, selects } from "../../../cluster/selectors.ts";
import { desiredContext } from "./desired-fixture.ts";

interface Pod {
  readonly namespace: string;
  readonly labels: Labels;
}

const namespaceLabels: Record<string, Labels> = {
  shop: { "kubernetes.io/metadata.name": "shop", team: "shop" },
  "jet-system": { "kubernetes.io/metadata.name": "jet-system" },
  monitoring: { "kubernetes.io/metadata.name": "monitoring" },
  apps: { "kubernetes.io/metadata.name": "apps", team: "shop" },
};

const pods = {
  member: { namespace: "shop", labels: { "jet-operator.io/cluster": "orders" } },
  "member of a namesake elsewhere": { namespace: "apps", labels: { "jet-operator.io/cluster": "orders" } },
  "member of another cluster": { namespace: "shop", labels: { "jet-operator.io/cluster": "invoices" } },
  operator: { namespace: "jet-system", labels: { "app.kubernetes.io/name": "jet-operator" } },
  "operator's look-alike elsewhere": { namespace: "apps", labels: { "app.kubernetes.io/name": "jet-operator" } },
  "neighbour of the operator": { namespace: "jet-system", labels: { "app.kubernetes.io/name": "other" } },
  "client declared by label": { namespace: "shop", labels: { role: "client" } },
  "its look-alike elsewhere": { namespace: "monitoring", labels: { role: "client" } },
  "client declared by namespace": { namespace: "apps", labels: { app: "reports" } },
  prometheus: { namespace: "monitoring", labels: { "app.kubernetes.io/name": "prometheus" } },
  stranger: { namespace: "shop", labels: { app: "web" } },
} satisfies Record<string, Pod>;

type Name = keyof typeof pods;
const always: readonly Name[] = ["member", "operator"];
const declared: readonly Name[] = ["client declared by label", "client declared by namespace"];

const clients = [
  { podSelector: { matchLabels: { role: "client" } } },
  { namespaceSelector: { matchLabels: { team: "shop" } }, podSelector: { matchLabels: { app: "reports" } } },
];

function admits(context: DesiredContext, pod: Pod, port: number): boolean {
  const { namespace } = context.cluster.metadata;
  const matches = (selector: object | undefined, labels: Labels | undefined) =>
    selector === undefined || selects(selector as LabelSelector, labels);
  return networkPolicy(context).spec.ingress.some(
    ({ from, ports }) =>
      ports.some((allowed) => allowed.port === port && allowed.protocol === "TCP") &&
      from.some(({ podSelector, namespaceSelector }) => {
        const inNamespace = namespaceSelector
          ? matches(namespaceSelector, namespaceLabels[pod.namespace])
          : pod.namespace === namespace;
        return inNamespace && matches(podSelector, pod.labels);
      }),
  );
}

function admitted(context: DesiredContext, port: number): string[] {
  return Object.entries(pods)
    .filter(([, pod]) => admits(context, pod, port))
    .map(([name]) => name)
    .sort();
}

describe("the network policy", () => {
  const open = desiredContext({ spec: { network: { clients } } });
  const closed = desiredContext({ spec: { network: { clients } }, gate: "closed" });

  test("with an open gate admits members, the operator and declared clients to the member port", () => {
    expect(admitted(open, 5701)).toEqual([...always, ...declared].sort());
  });

  test("with a closed gate admits members and the operator only: clients wait", () => {
    expect(admitted(closed, 5701)).toEqual([...always].sort());
  });

  test.each([["open", open] as const, ["closed", closed] as const])(
    "with an %s gate admits Prometheus alone to the metrics port, in whatever namespace",
    (_, context) => expect(admitted(context, 8080)).toEqual(["prometheus"]),
  );

  test("follows the metrics port of the spec", () => {
    const context = desiredContext({ spec: { monitoring: { engineMetricsPort: 9404 } } });
    expect(admitted(context, 9404)).toEqual(["prometheus"]);
    expect(admitted(context, 8080)).toEqual([]);
  });

  test.each([22, 5702, 8443])("admits nobody to port %i", (port) => expect(admitted(open, port)).toEqual([]));

  test("isolates the members of this cluster and restricts nothing that they connect to", () => {
    const { podSelector, policyTypes } = networkPolicy(open).spec;
    expect(podSelector).toEqual({ matchLabels: { "jet-operator.io/cluster": "orders" } });
    expect(policyTypes).toEqual(["Ingress"]);
  });

  test("does not take an entry without selectors, which the schema refuses, for everybody", () => {
    const context = desiredContext({ spec: { network: { clients: [{}] } } });
    expect(admitted(context, 5701)).toEqual([...always].sort());
  });

  test("has rules under the name that the API server reads", () => {
    const raw = JSON.stringify(networkPolicy(open));
    expect(raw).toContain('"from":[');
    expect(raw).not.toContain("_from");
  });
});
