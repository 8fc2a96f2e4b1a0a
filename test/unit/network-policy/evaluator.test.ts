import { describe, expect, test } from "vitest";
import type { NetworkPolicy, Pod } from "../../cluster/network-policy-rules.ts";
import { connects } from "./evaluator.ts";

const pod = (namespace: string, app: string, address: string): { pod: Pod } => ({
  pod: {
    metadata: { name: app, namespace, uid: app, resourceVersion: "1", labels: { app } },
    spec: { containers: [{ name: app, ports: [{ name: "web", containerPort: 8080 }] }] },
    status: { phase: "Running", podIP: address },
  },
});

const server = pod("a", "server", "10.1.0.1");
const client = pod("a", "client", "10.1.0.2");
const elsewhere = pod("b", "client", "10.1.0.3");
const outside = { address: "192.0.2.1" };
const namespaces = { a: {}, b: { team: "b" } };

const policy = (spec: NetworkPolicy["spec"]): NetworkPolicy => ({
  metadata: { name: "p", namespace: "a", uid: "p", resourceVersion: "1" },
  spec,
});

const only = { podSelector: { matchLabels: { app: "server" } } };

/** Of client, the client elsewhere and an outside address, those that reach the server's port 8080. */
function reaching(...policies: NetworkPolicy[]): string[] {
  const parties = { client, elsewhere, outside };
  return Object.entries(parties)
    .filter(([, party]) => connects({ policies, namespaces }, party, server, 8080))
    .map(([name]) => name);
}

describe("who reaches a pod (the rules of the API reference)", () => {
  test.each<[string, NetworkPolicy[], string[]]>([
    ["without a policy: everybody", [], ["client", "elsewhere", "outside"]],
    ["selected without rules: nobody", [policy(only)], []],
    [
      "not selected: everybody",
      [policy({ podSelector: { matchLabels: { app: "x" } } })],
      ["client", "elsewhere", "outside"],
    ],
    ["selected by an empty selector: nobody", [policy({})], []],
    ["an empty rule: everybody", [policy({ ...only, ingress: [{}] })], ["client", "elsewhere", "outside"]],
    [
      "an empty list of peers: everybody",
      [policy({ ...only, ingress: [{ from: [] }] })],
      ["client", "elsewhere", "outside"],
    ],
    [
      "an empty pod selector: the own namespace",
      [policy({ ...only, ingress: [{ from: [{ podSelector: {} }] }] })],
      ["client"],
    ],
    [
      "an empty namespace selector: all pods, no address",
      [policy({ ...only, ingress: [{ from: [{ namespaceSelector: {} }] }] })],
      ["client", "elsewhere"],
    ],
    [
      "both selectors in one peer: both must match",
      [
        policy({
          ...only,
          ingress: [
            {
              from: [
                { namespaceSelector: { matchLabels: { team: "b" } }, podSelector: { matchLabels: { app: "client" } } },
              ],
            },
          ],
        }),
      ],
      ["elsewhere"],
    ],
    [
      "an address block without a part of it",
      [policy({ ...only, ingress: [{ from: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.1.0.2/32"] } }] }] })],
      ["elsewhere", "outside"],
    ],
    [
      "a named port",
      [policy({ ...only, ingress: [{ ports: [{ port: "web" }] }] })],
      ["client", "elsewhere", "outside"],
    ],
    ["a name that no container has", [policy({ ...only, ingress: [{ ports: [{ port: "api" }] }] })], []],
    ["another port", [policy({ ...only, ingress: [{ ports: [{ port: 8081 }] }] })], []],
    [
      "a range",
      [policy({ ...only, ingress: [{ ports: [{ port: 8000, endPort: 8090 }] }] })],
      ["client", "elsewhere", "outside"],
    ],
    ["the port over UDP", [policy({ ...only, ingress: [{ ports: [{ port: 8080, protocol: "UDP" }] }] })], []],
    [
      "two policies add up",
      [policy(only), policy({ ...only, ingress: [{ from: [{ podSelector: {} }] }] })],
      ["client"],
    ],
    [
      "a policy for egress only: everybody",
      [policy({ ...only, policyTypes: ["Egress"] })],
      ["client", "elsewhere", "outside"],
    ],
    [
      "the source must be let out, too",
      [policy({ podSelector: { matchLabels: { app: "client" } }, policyTypes: ["Egress"], egress: [] })],
      ["elsewhere", "outside"],
    ],
  ])("%s", (_, policies, names) => {
    expect(reaching(...policies)).toEqual(names);
  });
});
