import { expect, test } from "vitest";
import { chart, helm } from "../../cluster/helm.ts";
import { objectsIn } from "../../unit/chart/manifests.ts";
import { installation, reaching } from "../../unit/network-policy/installation.ts";

async function installed(...values: string[]) {
  const image = "--set=image.repository=registry.example.com/jet-operator";
  const namespace = "--namespace=jet-operator";
  const yaml = await helm(["template", "blue", chart, "--kube-version=1.30.0", namespace, image, ...values]);
  return installation(objectsIn(yaml), {});
}

test("an operator with restricted egress reaches members, DNS and the API server, and nothing else", async () => {
  const place = await installed(
    "--set=networkPolicy.egress.enabled=true",
    "--set=networkPolicy.egress.apiServerCIDRs={10.0.0.1/32}",
  );
  const reached = ([to, port]: readonly [string, number]) => reaching(place, to, port).includes("operator");
  const wanted = [
    ["member", 5701],
    ["archive pod", 8081],
    ["DNS", 53],
    ["API server", 6443],
    ["API server", 443],
  ] as const;
  expect(wanted.filter((target) => !reached(target))).toEqual([]);
  const others = [
    ["member", 22],
    ["archive pod", 22],
    ["outside", 6443],
    ["stranger", 5701],
    ["API server", 22],
    ["prometheus", 9090],
  ] as const;
  expect(others.filter(reached)).toEqual([]);
});

test("metrics clients of the chart reach operator and members alike", async () => {
  const clients = JSON.stringify([{ podSelector: { matchLabels: { role: "client" } }, namespaceSelector: {} }]);
  const place = await installed(`--set-json=metrics.clients=${clients}`);
  const expected = ["client", "client elsewhere"];
  expect(reaching(place, "operator", 8080)).toEqual(expected);
  expect(reaching(place, "member", 8080)).toEqual(expected);
});

test("without metrics clients nobody reads metrics", async () => {
  const place = await installed("--set-json=metrics.clients=[]");
  expect(reaching(place, "operator", 8080)).toEqual([]);
  expect(reaching(place, "member", 8080)).toEqual([]);
});
