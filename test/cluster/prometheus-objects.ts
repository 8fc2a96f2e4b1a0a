import { stringify } from "yaml";
import type { ScrapeJob } from "./prometheus-discovery.ts";

const namespace = "monitoring";
const name = "prometheus";

interface ApiObject {
  /** Where server-side apply sends it. */
  readonly path: string;
  readonly body: object;
}

/** Namespace (Pod Security restricted), configuration and pod. */
export function objects(image: string, jobs: readonly ScrapeJob[]): readonly ApiObject[] {
  const inNamespace = `/api/v1/namespaces/${namespace}`;
  return [
    {
      path: inNamespace,
      body: {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
      },
    },
    {
      path: `${inNamespace}/configmaps/${name}`,
      body: {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace },
        data: { "prometheus.yml": stringify(configuration(jobs)) },
      },
    },
    { path: `${inNamespace}/pods/${name}`, body: pod(image) },
  ];
}

function configuration(jobs: readonly ScrapeJob[]) {
  return {
    global: { scrape_interval: "2s", scrape_timeout: "2s" },
    scrape_configs: jobs.map(({ name: job_name, url, honorLabels: honor_labels }) => ({
      job_name,
      honor_labels,
      http_sd_configs: [{ url, refresh_interval: "2s" }],
    })),
  };
}

function pod(image: string) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { "app.kubernetes.io/name": "prometheus" } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 2,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        fsGroup: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name,
          image,
          imagePullPolicy: "IfNotPresent",
          args: [
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/data",
            "--storage.tsdb.retention.time=2h",
            "--web.listen-address=0.0.0.0:9090",
          ],
          ports: [{ name: "web", containerPort: 9090 }],
          readinessProbe: { httpGet: { path: "/-/ready", port: "web" }, periodSeconds: 1 },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [
            { name: "config", mountPath: "/etc/prometheus", readOnly: true },
            { name: "data", mountPath: "/data" },
          ],
        },
      ],
      volumes: [
        { name: "config", configMap: { name } },
        { name: "data", emptyDir: { sizeLimit: "256Mi" } },
      ],
    },
  };
}
