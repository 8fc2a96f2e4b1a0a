import { z } from "zod";
import { operatorVersion } from "./version.ts";

/** One setting: `--name`, or the environment variable that `environmentName` makes of it; the flag wins. */
export interface Option<T> {
  readonly about: string;
  /** What is accepted, in words, for errors and `--help`. */
  readonly accepts: string;
  /** Taken when neither flag nor variable is given; undefined = required. */
  readonly fallback: string | undefined;
  /** Text to value. */
  readonly schema: z.ZodType<T, string>;
}

const option = <T>(
  about: string,
  accepts: string,
  fallback: string | undefined,
  schema: z.ZodType<T, string>,
): Option<T> => ({ about, accepts, fallback, schema });

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsSubdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** A repository: host with optional port, path in lower case, neither tag nor digest. */
const repository = /^[a-zA-Z0-9.-]+(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/;
const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

const name = z.string().regex(dnsSubdomain);
const items = (text: string) => text.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));

const namespaces = z
  .string()
  .transform(items)
  .pipe(z.array(z.string().regex(dnsLabel)).transform((list) => [...new Set(list)].sort()));

const unit: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
/** Milliseconds. */
const duration = z
  .string()
  .regex(/^\d{1,6}(ms|s|m)$/)
  .transform((text) => Number.parseInt(text, 10) * (unit[text.replace(/^\d+/, "")] ?? Number.NaN))
  .pipe(z.number().positive());

export interface ListenAddress {
  /** Undefined = every interface. */
  readonly host: string | undefined;
  readonly port: number;
}

/** `:8080`, `127.0.0.1:8080`, `[::1]:8080`. */
const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]*):\d{1,5}$/)
  .transform((text): ListenAddress => {
    const colon = text.lastIndexOf(":");
    const host = text.slice(0, colon).replace(/^\[|\]$/g, "");
    return { host: host === "" ? undefined : host, port: Number(text.slice(colon + 1)) };
  })
  .refine(({ port }) => port <= 65_535);

const count = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

const oneOf = <const T extends readonly string[]>(values: T) => z.string().pipe(z.enum(values));

const labels = z
  .string()
  .transform((text) =>
    items(text).map((item) => [item.split("=")[0] ?? "", item.split("=").slice(1).join("=")] as const),
  )
  .pipe(
    z
      .array(z.tuple([z.string().regex(labelKey), z.string().regex(labelValue)]))
      .min(1)
      .transform((entries): Readonly<Record<string, string>> => Object.fromEntries(entries)),
  );

const labelSelector = z.strictObject({
  matchLabels: z.record(z.string().regex(labelKey), z.string().regex(labelValue)).exactOptional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string().regex(labelKey),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).exactOptional(),
      }),
    )
    .exactOptional(),
});

const peer = z
  .strictObject({ podSelector: labelSelector.exactOptional(), namespaceSelector: labelSelector.exactOptional() })
  .refine((value) => value.podSelector !== undefined || value.namespaceSelector !== undefined);

/** Pods as a NetworkPolicy names them: `podSelector`, `namespaceSelector` or both. */
export type Peer = z.output<typeof peer>;

const peers = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "not JSON" });
      return z.NEVER;
    }
  })
  .pipe(z.array(peer));

const defaultMetricsClients = JSON.stringify([
  { podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } }, namespaceSelector: {} },
]);

const image = (engine: string, fallback: string) =>
  option(
    `repository of ${engine} images; the tag is the engine's version`,
    "an image repository without tag or digest",
    fallback,
    z.string().regex(repository),
  );

/** As the kubelet takes it, with tag or digest. */
const reference =
  /^[a-zA-Z0-9.-]+(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/** Everything that can be set, by flag name. */
export const options = {
  "watch-namespaces": option(
    "namespaces whose JetClusters are looked after; empty = all",
    "namespace names separated by commas, or nothing",
    "",
    namespaces,
  ),
  kubeconfig: option(
    "kubeconfig file, for an operator outside the cluster; empty = the pod's service account",
    "a path, or nothing",
    "",
    z.string().transform((path) => (path === "" ? undefined : path)),
  ),
  "pod-name": option("the operator's own pod; its name in the Lease", "a pod name", undefined, name),
  "pod-namespace": option(
    "the operator's own namespace, which NetworkPolicies of engines admit",
    "a namespace name",
    undefined,
    z.string().regex(dnsLabel),
  ),
  "pod-labels": option(
    "labels of the operator's own pods, which NetworkPolicies of engines admit",
    "key=value pairs separated by commas, at least one",
    "app.kubernetes.io/name=jet-operator",
    labels,
  ),
  "metrics-clients": option(
    "who may reach the metrics port of engines",
    'a JSON list of {"podSelector": …, "namespaceSelector": …}, each with one of them at least',
    defaultMetricsClients,
    peers,
  ),
  "leader-election-name": option("name of the Lease", "an object name", "jet-operator", name),
  "leader-election-namespace": option(
    "namespace of the Lease; empty = the operator's own",
    "a namespace name, or nothing",
    "",
    z.union([z.literal("").transform(() => undefined), z.string().regex(dnsLabel)]),
  ),
  "leader-election-lease-duration": option(
    "how long others wait after the last renewal they saw",
    "a duration such as 15s, 500ms or 1m",
    "15s",
    duration,
  ),
  "leader-election-renew-deadline": option(
    "how long the leader acts without a successful renewal",
    "a duration such as 15s, 500ms or 1m",
    "10s",
    duration,
  ),
  "leader-election-retry-period": option(
    "time between two attempts",
    "a duration such as 15s, 500ms or 1m",
    "2s",
    duration,
  ),
  "metrics-bind-address": option("where /metrics is served", "host:port or :port", ":8080", listenAddress),
  "health-bind-address": option("where /healthz and /readyz are served", "host:port or :port", ":8081", listenAddress),
  "log-level": option(
    "least severity that is logged",
    "error, warn, info or debug",
    "info",
    oneOf(["error", "warn", "info", "debug"]),
  ),
  "log-format": option("json for machines, text for people", "json or text", "json", oneOf(["json", "text"])),
  workers: option("JetClusters looked after at the same time", "a whole number from 1 to 64", "4", count(1, 64)),
  "archive-image": option(
    "this operator's own image, whose archive command saves and restores",
    "an image with tag or digest",
    `docker.io/jet-operator/jet-operator:${operatorVersion}`,
    z.string().regex(reference),
  ),
  "hazelcast-image": image("Hazelcast 5", "docker.io/hazelcast/hazelcast"),
  "hazelcast-enterprise-image": image("Hazelcast 5 Enterprise", "docker.io/hazelcast/hazelcast-enterprise"),
  "hazelcast-jet-image": image("stand-alone Jet 4", "docker.io/hazelcast/hazelcast-jet"),
  "hazelcast-jet-enterprise-image": image(
    "stand-alone Jet 4 Enterprise",
    "docker.io/hazelcast/hazelcast-jet-enterprise",
  ),
} as const;

export type OptionName = keyof typeof options;
export type Values = { readonly [Name in OptionName]: z.output<(typeof options)[Name]["schema"]> };

/** `watch-namespaces` → `JET_OPERATOR_WATCH_NAMESPACES`. */
export const environmentName = (flag: string) => `JET_OPERATOR_${flag.replaceAll("-", "_").toUpperCase()}`;
