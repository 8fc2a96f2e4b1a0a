import type { V1StatefulSet } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { annotation, fieldManager } from "../../../src/api/names.ts";
import { annotationPath } from "../../../src/controller/annotation-path.ts";
import { mendingOf, wishOf } from "../../../src/controller/mend-stateful-set.ts";
import { type Child, undisruptiveChildren } from "../../../src/core/desired/children.ts";
import type { DesiredContext } from "../../../src/core/desired/context.ts";
import { podTemplate } from "../../../src/core/desired/pod-template.ts";
import { statefulSet } from "../../../src/core/desired/stateful-set.ts";
import { createApplier } from "../../../src/kube/apply.ts";
import { createKubeClient, type KubeClient, type ObjectRef } from "../../../src/kube/client.ts";
import { InvalidError } from "../../../src/kube/errors.ts";
import { loadKubeConfig } from "../../../src/kube/kube-config.ts";
import { type KubeObject, resources } from "../../../src/kube/objects.ts";
import { ownedFieldsDiffer } from "../../../src/kube/owned-fields.ts";
import { desiredContext, everyFlavour, hotRestart } from "../../unit/core/desired/desired-fixture.ts";
import { startTestApiServer, type TestApiServer } from "../api-server.ts";

let server: TestApiServer;
let client: KubeClient & { close(): Promise<void> };
let count = 0;

beforeAll(async () => {
  server = await startTestApiServer();
  client = createKubeClient({ config: loadKubeConfig(server.kubeconfig), userAgent: "test" });
  await server.kubectl(["create", "priorityclass", "high", "--value=1000"]);
});
afterAll(async () => {
  await client?.close();
  await server?.stop();
});

/** The context in a new namespace that admits restricted pods only. */
async function inNewNamespace(context: DesiredContext): Promise<DesiredContext> {
  const namespace = `children-${++count}`;
  await server.kubectl(["create", "namespace", namespace]);
  await server.kubectl([
    "label",
    "namespace",
    namespace,
    "pod-security.kubernetes.io/enforce=restricted",
    "pod-security.kubernetes.io/enforce-version=latest",
  ]);
  const { cluster } = context;
  return { ...context, cluster: { ...cluster, metadata: { ...cluster.metadata, namespace } } };
}

const refOf = ({ resource, object }: Child): ObjectRef => ({
  resource: resources[resource],
  namespace: object.metadata?.namespace ?? "",
  name: object.metadata?.name ?? "",
});
const apply = (child: Child) => client.apply<KubeObject>(refOf(child), child.object, { fieldManager, force: true });
/** The client's types know times as objects; here all is JSON. */
const plain = (object: object) => object as KubeObject;
const differs = (child: Child, live: KubeObject) => ownedFieldsDiffer(child.object, live, child.ownedWhole);

const cases: readonly (readonly [string, DesiredContext])[] = [
  ...everyFlavour,
  ["5.7.0 with a closed gate", desiredContext({ gate: "closed" })],
  [
    "5.7.0 with declared clients and a load balancer",
    desiredContext({
      spec: {
        network: {
          clients: [
            { podSelector: { matchLabels: { role: "client" } } },
            { namespaceSelector: { matchExpressions: [{ key: "team", operator: "In", values: ["a", "b"] }] } },
          ],
        },
        service: { type: "LoadBalancer", annotations: { lb: "internal" } },
      },
    }),
  ],
];

describe.each(cases)("the children of %s on a real API server", (_, given) => {
  test("are accepted, differ in nothing afterwards, and applying them again changes nothing", async () => {
    const context = await inNewNamespace(given);
    const applier = createApplier(client, fieldManager);
    for (const child of undisruptiveChildren(context, undefined)) {
      const written = await apply(child);
      const live = await client.get<KubeObject>(refOf(child));
      expect(differs(child, live), JSON.stringify(live)).toBe(false);
      expect(await applier.ensure({ ref: refOf(child), desired: plain(child.object), live })).toBeUndefined();
      expect((await apply(child)).metadata.resourceVersion).toBe(written.metadata.resourceVersion);
    }
  });

  test("include a StatefulSet that keeps its fields as rendered, and a pod that Pod Security admits", async () => {
    const context = await inNewNamespace(given);
    const { namespace, name } = context.cluster.metadata;
    const body = statefulSet(context, { replicas: 3, ledger: '{"v":1}' });
    const ref = { resource: resources.statefulSets, namespace, name };
    const created = await client.create<KubeObject>(ref, plain(body), { fieldManager });
    expect(ownedFieldsDiffer(body, created)).toBe(false);
    expect(mendingOf(created as unknown as V1StatefulSet, wishOf(context))).toBeUndefined();
    const pod = { apiVersion: "v1", kind: "Pod", ...podOf(context, `${name}-0`) };
    const podRef = { resource: resources.pods, namespace, name: `${name}-0` };
    const made = await client.create<KubeObject>(podRef, plain(pod), { fieldManager });
    expect(ownedFieldsDiffer(pod, made)).toBe(false);
  });
});

/** As the StatefulSet's controller makes it, volumes of claims included. */
function podOf(context: DesiredContext, name: string) {
  const { metadata, spec } = podTemplate(context);
  const claimed = spec?.containers[0]?.volumeMounts?.some((mount) => mount.name === "data");
  const data = { name: "data", persistentVolumeClaim: { claimName: `data-${name}` } };
  return {
    metadata: { ...metadata, name, namespace: context.cluster.metadata.namespace },
    spec: { ...spec, volumes: [...(spec?.volumes ?? []), ...(claimed ? [data] : [])] },
  };
}

describe("the namespace of these tests", () => {
  test("refuses a pod that is not restricted, so that admitting ours means something", async () => {
    const context = await inNewNamespace(desiredContext());
    const { namespace } = context.cluster.metadata;
    const { metadata, spec } = podOf(context, "loose");
    const pod = { apiVersion: "v1", kind: "Pod", metadata, spec: { ...spec, securityContext: {} } };
    const ref = { resource: resources.pods, namespace, name: "loose" };
    await expect(client.create(ref, plain(pod), { fieldManager })).rejects.toThrow(/violates PodSecurity "restricted/);
  });
});

describe("a person's edit of a child", () => {
  const edits: readonly (readonly [string, string, string, readonly string[]])[] = [
    ["the client Service's selector", "services", "orders", ["/spec/selector/extra", '"x"']],
    ["a rule added to the network policy", "networkPolicies", "orders", ["/spec/ingress/-", "{}"]],
    ["the disruption budget", "podDisruptionBudgets", "orders", ["/spec/maxUnavailable", "3"]],
    ["a configuration file", "configMaps", "orders-config", ["/data/hazelcast.yaml", '"hazelcast: {}"']],
    [
      "publishing of members that are not ready",
      "services",
      "orders-members",
      ["/spec/publishNotReadyAddresses", "false"],
    ],
    ["the account's token", "serviceAccounts", "orders", ["/automountServiceAccountToken", "true"]],
    [
      "the label that the operator finds it by",
      "services",
      "orders",
      ["/metadata/labels/app.kubernetes.io~1managed-by", '"me"'],
    ],
  ];

  test.each(edits)("%s is seen and undone", async (_, resource, name, [path = "", value = ""]) => {
    const context = await inNewNamespace(desiredContext());
    const children = undisruptiveChildren(context, undefined);
    const child = children.find((one) => one.resource === resource && one.object.metadata?.name === name);
    if (!child) throw new Error(`no ${resource}/${name}`);
    await apply(child);
    const edited = await client.jsonPatch<KubeObject>(refOf(child), [{ op: "add", path, value: JSON.parse(value) }], {
      fieldManager: "kubectl-edit",
    });
    expect(differs(child, edited)).toBe(true);
    expect(differs(child, await apply(child))).toBe(false);
  });
});

describe("a person's edit of the StatefulSet", () => {
  async function made() {
    const context = await inNewNamespace(desiredContext({ spec: hotRestart }));
    const { namespace, name } = context.cluster.metadata;
    const ref = { resource: resources.statefulSets, namespace, name };
    const body = statefulSet(context, { replicas: 3, ledger: '{"v":1}' });
    const created = await client.create<KubeObject>(ref, plain(body), { fieldManager });
    const live = async () => (await client.get<KubeObject>(ref)) as unknown as V1StatefulSet;
    const mend = async () => {
      const mending = mendingOf(await live(), wishOf(context));
      if (mending) await client.jsonPatch(ref, mending.operations, { fieldManager });
      return mending?.of;
    };
    return { ref, created: created as unknown as V1StatefulSet, live, mend, kubectl: kubectlIn(namespace) };
  }

  const kubectlIn =
    (namespace: string) =>
    (...args: string[]) =>
      server.kubectl(["--namespace", namespace, ...args]);
  const patch = (content: object) => ["patch", "statefulset", "orders", "--patch", JSON.stringify(content)];

  const edits: readonly (readonly [string, string, readonly string[]])[] = [
    ["another image", "spec.template", ["set", "image", "statefulset/orders", "engine=somebody/hazelcast"]],
    ["another variable", "spec.template", ["set", "env", "statefulset/orders", "JAVA_TOOL_OPTIONS=-Xmx9g"]],
    ["a variable taken away", "spec.template", ["set", "env", "statefulset/orders", "JAVA_OPTS-"]],
    ["other limits", "spec.template", ["set", "resources", "statefulset/orders", "--limits=memory=9Gi"]],
    ["other requests", "spec.template", ["set", "resources", "statefulset/orders", "--requests=cpu=9"]],
    [
      "one more container",
      "spec.template",
      patch({ spec: { template: { spec: { containers: [{ name: "more", image: "more" }] } } } }),
    ],
    ["the update strategy", "spec.updateStrategy", patch({ spec: { updateStrategy: { type: "RollingUpdate" } } })],
    [
      "what becomes of the claims",
      "spec.persistentVolumeClaimRetentionPolicy",
      patch({ spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" } } }),
    ],
    ["the first ordinal", "spec.ordinals", patch({ spec: { ordinals: { start: 1 } } })],
  ];

  test.each(edits)("%s is seen and undone", async (_, of, edit) => {
    const { created, live, mend, kubectl } = await made();
    await kubectl(...edit);
    expect((await live()).spec).not.toEqual(created.spec);
    expect(await mend()).toEqual([of]);
    expect((await live()).spec).toEqual(created.spec);
    expect(await mend()).toBeUndefined();
  });

  test("all annotations taken away: a patch of one has no place then, until they are there again", async () => {
    const { ref, created, live, mend, kubectl } = await made();
    const names = Object.keys(created.metadata?.annotations ?? {});
    await kubectl("annotate", "statefulset", "orders", ...names.map((name) => `${name}-`));
    expect((await live()).metadata?.annotations).toBeUndefined();
    const writeLedger = () =>
      client.jsonPatch(
        ref,
        [
          { op: "test", path: annotationPath(annotation.ledger), value: null },
          { op: "add", path: annotationPath(annotation.ledger), value: '{"v":1}' },
        ],
        { fieldManager },
      );
    await expect(writeLedger()).rejects.toBeInstanceOf(InvalidError);
    expect(await mend()).toEqual(["annotations"]);
    await writeLedger();
    expect((await live()).metadata?.annotations).toEqual(created.metadata?.annotations);
  });
});

describe("the gate", () => {
  test("opens and closes without leaving anything behind", async () => {
    const open = await inNewNamespace(desiredContext({ spec: { network: { clients: [{ podSelector: {} }] } } }));
    const closed = { ...open, gate: "closed" as const };
    for (const context of [closed, open, closed, open]) {
      for (const child of undisruptiveChildren(context, undefined)) {
        expect(differs(child, await apply(child))).toBe(false);
      }
    }
    const { namespace, name } = open.cluster.metadata;
    const service = await client.get<KubeObject & { spec: object }>({ resource: resources.services, namespace, name });
    expect(service.spec).toMatchObject({ selector: { "jet-operator.io/cluster": "orders" } });
    expect(JSON.stringify(service.spec)).not.toContain("closed");
  });
});
