import { describe, expect, test } from "vitest";
import { readManifests } from "../chart/manifests.ts";
import { clients, installation, reaching } from "./installation.ts";

const rendered = readManifests("install");
const members = ["member", "operator"];
const everybody = Object.keys(installation(rendered, {}).parties);

describe("with the policies of the chart and of a cluster", () => {
  const open = installation(rendered, { spec: { network: { clients } } });
  const closed = installation(rendered, { spec: { network: { clients } }, gate: "closed" });
  const undeclared = installation(rendered, {});
  const otherPort = installation(rendered, { spec: { monitoring: { engineMetricsPort: 9404 } } });

  test.each([
    ["an open cluster's members", open, "member", 5701, [...members, "client"]],
    ["a closed cluster's members", closed, "member", 5701, members],
    ["members without declared clients", undeclared, "member", 5701, members],
    ["the metrics of members", open, "member", 8080, ["prometheus"]],
    ["the metrics of a closed cluster's members", closed, "member", 8080, ["prometheus"]],
    ["the metrics of members on another port", otherPort, "member", 9404, ["prometheus"]],
    ["the port where members' metrics were by default", otherPort, "member", 8080, []],
    ["any other port of a member", open, "member", 5702, []],
    ["the metrics of the operator", open, "operator", 8080, ["prometheus"]],
    ["the probes of the operator, which only the kubelet needs", open, "operator", 8081, []],
  ])("%s are reached by those who must, and nobody else", (_, place, target, port, expected) => {
    expect(reaching(place, target, port)).toEqual(expected);
  });

  test("policy None leaves members open to everybody, and the operator closed", () => {
    const none = installation(rendered, { spec: { network: { policy: "None" } } });
    expect(reaching(none, "member", 5701)).toEqual(everybody);
    expect(reaching(none, "operator", 8080)).toEqual(["prometheus"]);
  });
});

describe("of a cluster that is saved to an archive", () => {
  const losslessRestart = { mode: "Archive" as const, archive: { storage: { size: "1Gi" } } };
  const archived = installation(rendered, { spec: { losslessRestart, network: { clients } }, gate: "closed" });

  test.each([
    ["members are reached by who saves and restores", "member", 5701, [...members, "archive pod"]],
    ["how far it is may be asked by the operator alone", "archive pod", 8081, ["operator"]],
    ["nothing else of its pod is reached by anybody", "archive pod", 8080, []],
  ])("%s", (_, target, port, expected) => {
    expect(reaching(archived, target, port)).toEqual(expected);
  });
});

test("clients may be named by namespace, and are not taken for more than they are", () => {
  const spec = {
    network: {
      clients: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "bank" } },
          podSelector: { matchLabels: { role: "client" } },
        },
      ],
    },
  };
  expect(reaching(installation(rendered, { spec }), "member", 5701)).toEqual([...members, "client elsewhere"]);
});
