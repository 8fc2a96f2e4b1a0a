import { describe, expect, test } from "vitest";
import { type NetworkPolicy, type Pod, rulesetFor } from "../../cluster/network-policy-rules.ts";

const metadata = { uid: "u", resourceVersion: "1" };

interface PodTraits {
  namespace?: string;
  phase?: string;
  hostNetwork?: boolean;
  ports?: { name: string; containerPort: number; protocol?: string }[];
}

function pod(podIP: string, labels: Record<string, string>, traits: PodTraits = {}): Pod {
  const { namespace = "shop", phase = "Running", hostNetwork = false, ports = [] } = traits;
  return {
    metadata: { ...metadata, name: podIP, namespace, labels },
    spec: { hostNetwork, containers: [{ ports }] },
    status: { phase, podIP },
  };
}

const member = pod("10.244.0.5", { app: "engine" }, { ports: [{ name: "member", containerPort: 5701 }] });
const client = pod("10.244.0.6", { role: "client" });
const stranger = pod("10.244.0.7", { role: "stranger" }, { namespace: "elsewhere" });
const all = [member, client, stranger];

const namespaces = ["shop", "elsewhere", "kube-system"].map((name) => ({
  metadata: { ...metadata, name, labels: { "kubernetes.io/metadata.name": name } },
}));

const policy = (spec: NetworkPolicy["spec"]): NetworkPolicy => ({
  metadata: { ...metadata, name: "p", namespace: "shop" },
  spec: { podSelector: { matchLabels: { app: "engine" } }, ...spec },
});

function rules(spec: NetworkPolicy["spec"], pods: readonly Pod[] = all): string {
  return rulesetFor({ policies: [policy(spec)], pods, namespaces, dnsAddress: "10.89.0.2" });
}

/** The lines of one chain between the rule for the pod itself and the final drop. */
function chain(ruleset: string, name: string): string[] | undefined {
  const body = new RegExp(`chain ${name} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*?)\\n  \\}`).exec(ruleset)?.[1];
  const lines = body?.split("\n").map((line) => line.trim());
  expect(lines?.at(-1) ?? "drop").toBe("drop");
  return lines?.slice(1, -1).filter((line) => !line.startsWith("#"));
}

const ingress = "ingress_10_244_0_5";
const egress = "egress_10_244_0_5";

describe("isolation", () => {
  test("no table remains when no pod is selected", () => {
    const removal = "table ip netpol\ndelete table ip netpol\n";
    expect(rules({ podSelector: { matchLabels: { app: "other" } } })).toBe(removal);
    expect(rules({}, [client, stranger])).toBe(removal);
  });

  test.each<[string, NetworkPolicy["spec"], { in: boolean; out: boolean }]>([
    ["ingress only by default", {}, { in: true, out: false }],
    ["egress too when it has egress rules", { egress: [] }, { in: true, out: true }],
    ["what policyTypes says", { policyTypes: ["Egress"] }, { in: false, out: true }],
    ["both when both are named", { policyTypes: ["Ingress", "Egress"] }, { in: true, out: true }],
  ])("covers %s", (_, spec, expected) => {
    const ruleset = rules(spec);
    expect({ in: chain(ruleset, ingress) !== undefined, out: chain(ruleset, egress) !== undefined }).toEqual(expected);
  });

  test("an empty selector takes every pod of the policy's namespace and of no other", () => {
    const ruleset = rules({ podSelector: {} });
    expect(ruleset).toContain(
      "ip daddr vmap { 10.244.0.5 : jump ingress_10_244_0_5, 10.244.0.6 : jump ingress_10_244_0_6 }",
    );
    expect(ruleset).not.toContain("10.244.0.7");
  });

  test("pods that ended or use the node's network are left alone", () => {
    const ended = pod("10.244.0.8", { app: "engine" }, { phase: "Succeeded" });
    const onNode = pod("10.89.0.2", { app: "engine" }, { hostNetwork: true });
    expect(rules({}, [ended, onNode])).toBe("table ip netpol\ndelete table ip netpol\n");
  });

  test("answers pass, connections from the node are never judged, and a pod may reach itself", () => {
    const ruleset = rules({});
    expect(ruleset).toContain("type filter hook forward priority -5; policy accept;\n    ct direction reply return");
    expect(ruleset).toContain("type filter hook input priority -5; policy accept;\n    ct direction reply return");
    expect(ruleset).not.toContain("hook output");
    expect(ruleset).toContain("ip saddr 10.244.0.5 return");
  });
});

describe("what ingress rules admit", () => {
  test.each<[string, NonNullable<NetworkPolicy["spec"]["ingress"]>[number], string[]]>([
    ["everything, by an empty rule", {}, ["return"]],
    ["a port for everybody", { ports: [{ port: 5701 }] }, ["tcp dport 5701 return"]],
    ["a named port by the pod's own number", { ports: [{ port: "member" }] }, ["tcp dport 5701 return"]],
    ["nothing, by a name that the pod lacks", { ports: [{ port: "nope" }] }, []],
    ["nothing, by a name of another protocol", { ports: [{ port: "member", protocol: "UDP" }] }, []],
    ["a range", { ports: [{ port: 8000, endPort: 8090, protocol: "UDP" }] }, ["udp dport 8000-8090 return"]],
    ["a whole protocol", { ports: [{ protocol: "TCP" }] }, ["meta l4proto tcp return"]],
    ["pods of its namespace", { from: [{ podSelector: {} }] }, ["ip saddr { 10.244.0.5, 10.244.0.6 }  return"]],
    [
      "selected pods on selected ports",
      { from: [{ podSelector: { matchLabels: { role: "client" } } }], ports: [{ port: 5701 }, { port: 8080 }] },
      ["ip saddr { 10.244.0.6 } tcp dport 5701 return", "ip saddr { 10.244.0.6 } tcp dport 8080 return"],
    ],
    ["nobody, by a selector that matches nobody", { from: [{ podSelector: { matchLabels: { a: "b" } } }] }, []],
    [
      "pods of another namespace",
      { from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "elsewhere" } } }] },
      ["ip saddr { 10.244.0.7 }  return"],
    ],
    [
      "both selectors at once, not either",
      { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { role: "stranger" } } }] },
      ["ip saddr { 10.244.0.7 }  return"],
    ],
    [
      "an address range without its exceptions",
      { from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.244.0.0/16", "10.89.0.1/32"] } }] },
      ["ip saddr 10.0.0.0/8 ip saddr != { 10.244.0.0/16, 10.89.0.1/32 }  return"],
    ],
  ])("%s", (_, rule, expected) => {
    expect(chain(rules({ ingress: [rule] }), ingress)).toEqual(expected);
  });

  test.each([
    ["In", ["client"], ["10.244.0.6"]],
    ["NotIn", ["client"], ["10.244.0.5", "10.244.0.7"]],
    ["Exists", undefined, ["10.244.0.6", "10.244.0.7"]],
    ["DoesNotExist", undefined, ["10.244.0.5"]],
  ])("pods by the expression %s", (operator, values, expected) => {
    const expression = { key: "role", operator, ...(values && { values }) };
    const from = [{ namespaceSelector: {}, podSelector: { matchExpressions: [expression] } }];
    const sources = expected.join(", ");
    expect(chain(rules({ ingress: [{ from }] }), ingress)).toEqual([`ip saddr { ${sources} }  return`]);
  });

  test("the union of all policies that select the pod", () => {
    const policies = [
      policy({}),
      policy({ ingress: [{ ports: [{ port: 1 }] }] }),
      policy({ ingress: [{ ports: [{ port: 2 }] }] }),
    ];
    const ruleset = rulesetFor({ policies, pods: all, namespaces, dnsAddress: "10.89.0.2" });
    expect(chain(ruleset, ingress)).toEqual(["tcp dport 1 return", "tcp dport 2 return"]);
  });
});

describe("what egress rules admit", () => {
  const toDns = {
    to: [{ namespaceSelector: {}, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
  };
  const only = (rule: NonNullable<NetworkPolicy["spec"]["egress"]>[number]) =>
    chain(rules({ policyTypes: ["Egress"], egress: [rule] }), egress);

  test("name resolution by the usual rule, and nothing else of the node", () => {
    const udp = "ip daddr 10.89.0.2 udp dport 53 return";
    const tcp = "ip daddr 10.89.0.2 tcp dport 53 return";
    expect(only(toDns)).toEqual([tcp, udp]);
    expect(only({ ...toDns, ports: [{ port: 53, protocol: "UDP" }] })).toEqual([udp]);
    expect(only({ ...toDns, ports: [{ port: 1, endPort: 100, protocol: "TCP" }] })).toEqual([tcp]);
    expect(only({ ...toDns, ports: [{ protocol: "UDP" }] })).toEqual([udp]);
    expect(only({ ...toDns, ports: [{ port: "dns-tcp", protocol: "TCP" }] })).toEqual([tcp]);
    expect(only({ ...toDns, ports: [{ port: 6443 }] })).toEqual([]);
  });

  test("the API server by its address and port", () => {
    expect(only({ to: [{ ipBlock: { cidr: "10.89.0.2/32" } }], ports: [{ port: 6443 }] })).toEqual([
      "ip daddr 10.89.0.2/32 tcp dport 6443 return",
    ]);
  });

  test("a named port by each receiving pod's own number", () => {
    const one = pod("10.244.0.8", { app: "web" }, { ports: [{ name: "http", containerPort: 8080 }] });
    const two = pod("10.244.0.9", { app: "web" }, { ports: [{ name: "http", containerPort: 80 }] });
    const to = [{ podSelector: { matchLabels: { app: "web" } } }];
    const ruleset = rules({ policyTypes: ["Egress"], egress: [{ to, ports: [{ port: "http" }] }] }, [member, one, two]);
    expect(chain(ruleset, egress)).toEqual([
      "ip daddr 10.244.0.8 tcp dport 8080 return",
      "ip daddr 10.244.0.9 tcp dport 80 return",
    ]);
  });
});
