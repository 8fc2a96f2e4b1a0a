import { stringify } from "yaml";

/**
 * The DNS name of the headless Service, with the engine's 5 s for its lookup or with 30 s; the names of all pods; the
 * names of the first seven pods, whether they exist or not, which need not change with the size.
 */
export const joinVariants = ["service-dns", "service-dns-30", "pod-names", "first-seven"] as const;
export type JoinVariant = (typeof joinVariants)[number];

export interface JoinCase {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  readonly size: number;
  readonly variant: JoinVariant;
}

/** Headless Service, configuration and a StatefulSet whose pods start all at once. */
export function joinObjects(join: JoinCase): readonly { readonly path: string; readonly body: object }[] {
  const { namespace, name } = join;
  const metadata = { name, namespace };
  const selector = { run: name };
  return [
    {
      path: `/api/v1/namespaces/${namespace}/services`,
      body: {
        apiVersion: "v1",
        kind: "Service",
        metadata,
        spec: { clusterIP: "None", publishNotReadyAddresses: true, selector, ports: [{ name: "member", port: 5701 }] },
      },
    },
    {
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      body: {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata,
        data: {
          "hazelcast.yaml": stringify({ hazelcast: engineConfig(join) }),
          "hazelcast-jet.yaml": stringify({ "hazelcast-jet": { instance: {} } }),
        },
      },
    },
    {
      path: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
      body: {
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata,
        spec: {
          serviceName: name,
          replicas: join.size,
          podManagementPolicy: "Parallel",
          selector: { matchLabels: selector },
          template: { metadata: { labels: selector }, spec: podSpec(join) },
        },
      },
    },
  ];
}

function engineConfig({ namespace, name, image, size, variant }: JoinCase) {
  const domain = `${name}.${namespace}.svc.cluster.local`;
  const isPlatform = !image.includes("jet");
  const named = variant === "first-seven" ? 7 : size;
  const pods = Array.from({ length: named }, (_, ordinal) => `${name}-${ordinal}.${domain}:5701`);
  return {
    "cluster-name": name,
    network: {
      port: { port: 5701, "auto-increment": false },
      "rest-api": {
        enabled: true,
        "endpoint-groups": { HEALTH_CHECK: { enabled: true }, CLUSTER_READ: { enabled: true } },
      },
      join: {
        ...(isPlatform && { "auto-detection": { enabled: false } }),
        multicast: { enabled: false },
        ...(variant.startsWith("service-dns")
          ? {
              kubernetes: {
                enabled: true,
                "service-dns": domain,
                "service-dns-timeout": variant.endsWith("30") ? 30 : 5,
              },
            }
          : { "tcp-ip": { enabled: true, "member-list": pods } }),
      },
    },
    ...(isPlatform && { jet: { enabled: true } }),
  };
}

function podSpec({ name, image }: JoinCase) {
  const heap = "-Xms64m -Xmx200m";
  const files = "-Dhazelcast.config=/conf/hazelcast.yaml -Dhazelcast.jet.config=/conf/hazelcast-jet.yaml";
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    containers: [
      {
        name: "engine",
        image,
        imagePullPolicy: "IfNotPresent",
        env: image.includes("jet")
          ? [{ name: "JAVA_OPTS", value: `${heap} ${files}` }]
          : [
              { name: "JAVA_OPTS", value: heap },
              { name: "HAZELCAST_CONFIG", value: "/conf/hazelcast.yaml" },
            ],
        volumeMounts: [{ name: "conf", mountPath: "/conf", readOnly: true }],
      },
    ],
    volumes: [{ name: "conf", configMap: { name } }],
  };
}
