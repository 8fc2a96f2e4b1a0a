import { randomBytes } from "node:crypto";
import { connect, type KubeApi } from "../cluster/kube-watch.ts";
import { until } from "../cluster/run.ts";
import { ensureImage, type ImageName } from "../images/images.ts";
import type { ClientHost } from "./clients.ts";
import type { JobTarget } from "./sample-job.ts";

/** An engine of one member as an ordinary pod, without any operator, in a restricted namespace of its own. */
export interface SingleMember {
  readonly api: KubeApi;
  readonly namespace: string;
  /** Address of the pod. */
  readonly address: string;
  readonly target: JobTarget;
  /** Removes the namespace; does not wait for it to be gone. */
  stop(): Promise<void>;
}

const clusterName = "alone";
const images: Record<JobTarget["version"], ImageName> = {
  "5.7.0": "hazelcast-5.7.0",
  "5.5.0": "hazelcast-5.5.0",
  "4.5.4": "hazelcast-jet-4.5.4",
};

/** Starts the engine's image with its own start script. @throws Error when the pod does not run within 3 minutes. */
export async function startSingleMember(host: ClientHost, version: JobTarget["version"]): Promise<SingleMember> {
  const image = await ensureImage(images[version], console.log);
  await host.importImage(image.tar);
  const api = connect(host.kubeconfigPath);
  const namespace = `images-${randomBytes(3).toString("hex")}`;
  await api.request("POST", "/api/v1/namespaces", { metadata: { name: namespace, labels: restricted } });
  const path = (plural: string) => `/api/v1/namespaces/${namespace}/${plural}`;
  const stop = async () => {
    await api.request("DELETE", `/api/v1/namespaces/${namespace}`);
  };
  try {
    await until("the service account", () => api.request("GET", path("serviceaccounts/default")), aWhile);
    await api.request("POST", path("configmaps"), {
      metadata: { name: "engine" },
      data: { "hazelcast.yaml": config(version) },
    });
    await api.request("POST", path("services"), service);
    await api.request("POST", path("pods"), pod(image.reference, version));
    const address = await until("the engine's pod", () => runningAddress(api, path("pods/engine")), aWhile);
    const target = { namespace, version, clusterName, address: `engine.${namespace}.svc.cluster.local:5701` };
    return { api, namespace, address, target, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const aWhile = { timeoutMillis: 180_000, everyMillis: 500 };
const restricted = {
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/enforce-version": "latest",
};

async function runningAddress(api: KubeApi, path: string): Promise<string | undefined> {
  const { status } = (await api.request("GET", path)) as { status: { podIP?: string; phase?: string } };
  return status.phase === "Running" ? status.podIP : undefined;
}

/** JSON is YAML. Resource upload is a setting of 5.x only: 4.x always allows it. */
function config(version: JobTarget["version"]): string {
  const groups = { HEALTH_CHECK: { enabled: true }, CLUSTER_READ: { enabled: true } };
  const network = {
    join: { multicast: { enabled: false }, "tcp-ip": { enabled: true, "member-list": ["127.0.0.1"] } },
    "rest-api": { enabled: true, "endpoint-groups": groups },
  };
  const jet = version.startsWith("5.") && { jet: { enabled: true, "resource-upload-enabled": true } };
  return JSON.stringify({ hazelcast: { "cluster-name": clusterName, network, ...jet } });
}

const service = {
  metadata: { name: "engine" },
  spec: { selector: { app: "engine" }, ports: [{ name: "member", port: 5701 }] },
};

function pod(image: string, version: JobTarget["version"]) {
  return {
    metadata: { name: "engine", labels: { app: "engine" } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 10,
      // The public images name their user, or none: Kubernetes wants a number.
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "engine",
          image,
          imagePullPolicy: "IfNotPresent",
          command: version.startsWith("5.") ? ["hz", "start"] : ["jet-start"],
          env: [
            { name: "JAVA_OPTS", value: "-Xmx256m -XX:+UseSerialGC -Dhazelcast.config=/config/hazelcast.yaml" },
            { name: "PROMETHEUS_PORT", value: "8080" },
          ],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [
            { name: "config", mountPath: "/config", readOnly: true },
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [
        { name: "config", configMap: { name: "engine" } },
        { name: "tmp", emptyDir: {} },
      ],
    },
  };
}
