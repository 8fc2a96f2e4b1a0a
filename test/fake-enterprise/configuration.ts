import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { isAbsolute } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** The member does not start with this; the message is all that a person gets. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

interface Persistence {
  readonly baseDir: string;
  readonly validationSeconds: number;
  readonly autoRemoveStaleData: boolean;
}

/** What the member goes by. */
export interface Configuration {
  readonly clusterName: string;
  readonly host: string;
  readonly port: number;
  readonly discovery:
    | { readonly kind: "dns"; readonly name: string }
    | { readonly kind: "list"; readonly hosts: readonly string[] };
  /** Names of the REST groups that are on. */
  readonly restGroups: ReadonlySet<string>;
  /** Undefined: nothing outlives the process. */
  readonly persistence: Persistence | undefined;
  /** Longest time in which a leaving member may hand over, in seconds. */
  readonly gracefulSeconds: number;
  readonly heartbeatSeconds: number;
  /** How long it looks for others before it begins a cluster of its own. */
  readonly joinSeconds: number;
}

/** The persistence node of 5.7, each of its keys and no other: the engine checks its files against a schema. */
const persistenceSchema = z.strictObject({
  enabled: z.boolean().default(false),
  "base-dir": z.string().default("persistence"),
  "backup-dir": z.string().optional(),
  parallelism: z.int().min(1).default(1),
  "validation-timeout-seconds": z.int().min(1).default(120),
  "data-load-timeout-seconds": z.int().min(1).default(900),
  "cluster-data-recovery-policy": z
    .enum(["FULL_RECOVERY_ONLY", "PARTIAL_RECOVERY_MOST_RECENT", "PARTIAL_RECOVERY_MOST_COMPLETE"])
    .default("FULL_RECOVERY_ONLY"),
  "auto-remove-stale-data": z.boolean().default(true),
  "rebalance-delay-seconds": z.int().min(0).default(0),
  "encryption-at-rest": z.looseObject({}).optional(),
});

const enabled = z.looseObject({ enabled: z.boolean().default(false) });

/** Of the rest only what this member understands; a real one knows hundreds of keys more. */
const fileSchema = z.object({
  hazelcast: z.looseObject({
    "cluster-name": z.string().default("dev"),
    "license-key": z.string().optional(),
    network: z.looseObject({
      port: z.looseObject({ port: z.int().default(5701) }).default({ port: 5701 }),
      "rest-api": z
        .looseObject({
          enabled: z.boolean().default(false),
          "endpoint-groups": z.record(z.string(), enabled).default({}),
        })
        .default({ enabled: false, "endpoint-groups": {} }),
      join: z.looseObject({
        kubernetes: z
          .looseObject({ enabled: z.boolean().default(false), "service-dns": z.string().optional() })
          .optional(),
        "tcp-ip": z
          .looseObject({ enabled: z.boolean().default(false), "member-list": z.array(z.string()).default([]) })
          .optional(),
      }),
    }),
    jet: z
      .looseObject({ enabled: z.boolean().default(false), "lossless-restart-enabled": z.boolean().default(false) })
      .default({ enabled: false, "lossless-restart-enabled": false }),
    persistence: persistenceSchema.optional(),
    properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  }),
});

type Hazelcast = z.output<typeof fileSchema>["hazelcast"];

/**
 * Reads what the operator's StatefulSet gives the real image: HAZELCAST_CONFIG, HZ_LICENSEKEY, and `-D` of JAVA_OPTS.
 * @throws ConfigurationError with the engine's reason where it is known.
 */
export function readConfiguration(env: Readonly<Record<string, string | undefined>>): Configuration {
  const file = env["HAZELCAST_CONFIG"];
  if (!file) throw new ConfigurationError("HAZELCAST_CONFIG is not set");
  const parsed = fileSchema.safeParse(parse(readFileSync(file, "utf8")));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new ConfigurationError(`SchemaViolationConfigurationException: ${faults.join("; ")}`);
  }
  const { hazelcast } = parsed.data;
  const properties = { ...hazelcast.properties, ...systemProperties(env["JAVA_OPTS"] ?? "") };
  requireLicense(env["HZ_LICENSEKEY"] ?? hazelcast["license-key"] ?? properties["hazelcast.enterprise.license.key"]);
  const seconds = (name: string, otherwise: number) => Number(properties[name] ?? otherwise);
  return {
    clusterName: hazelcast["cluster-name"],
    host: String(properties["hazelcast.local.localAddress"] ?? ownAddress()),
    port: hazelcast.network.port.port,
    discovery: discoveryOf(hazelcast),
    restGroups: groupsOf(hazelcast),
    persistence: persistenceOf(hazelcast),
    gracefulSeconds: seconds("hazelcast.graceful.shutdown.max.wait", 600),
    heartbeatSeconds: seconds("hazelcast.max.no.heartbeat.seconds", 60),
    joinSeconds: seconds("hazelcast.wait.seconds.before.join", 5),
  };
}

function requireLicense(key: unknown): void {
  if (typeof key === "string" && key.trim() !== "") return;
  throw new ConfigurationError("InvalidLicenseException: License Key not configured!");
}

function groupsOf({ network }: Hazelcast): ReadonlySet<string> {
  const rest = network["rest-api"];
  if (!rest.enabled) return new Set();
  const byDefault = ["HEALTH_CHECK", "CLUSTER_READ"];
  const named = rest["endpoint-groups"];
  const all = new Set([...byDefault, ...Object.keys(named)]);
  return new Set([...all].filter((name) => named[name]?.enabled ?? byDefault.includes(name)));
}

function persistenceOf({ persistence, jet }: Hazelcast): Persistence | undefined {
  const lossless = jet.enabled && jet["lossless-restart-enabled"];
  if (!persistence?.enabled) {
    if (lossless) throw new ConfigurationError("lossless-restart-enabled needs persistence.enabled");
    return undefined;
  }
  if (!lossless) throw new ConfigurationError("jobs would not be persisted: lossless-restart-enabled is false");
  if (!isAbsolute(persistence["base-dir"])) throw new ConfigurationError("persistence.base-dir is not absolute");
  // The others start without some members' data, which this member does not do.
  if (persistence["cluster-data-recovery-policy"] !== "FULL_RECOVERY_ONLY") {
    throw new ConfigurationError("this fake knows FULL_RECOVERY_ONLY alone");
  }
  return {
    baseDir: persistence["base-dir"],
    validationSeconds: persistence["validation-timeout-seconds"],
    autoRemoveStaleData: persistence["auto-remove-stale-data"],
  };
}

function discoveryOf({ network: { join } }: Hazelcast): Configuration["discovery"] {
  const { kubernetes, "tcp-ip": tcpIp } = join;
  if (kubernetes?.enabled && kubernetes["service-dns"]) {
    return { kind: "dns", name: kubernetes["service-dns"] };
  }
  if (tcpIp?.enabled) return { kind: "list", hosts: tcpIp["member-list"] };
  throw new ConfigurationError("network.join: this fake joins by kubernetes.service-dns or by tcp-ip.member-list");
}

/** `-Dname=value` of a Java command line. */
function systemProperties(options: string): Record<string, string> {
  return Object.fromEntries([...options.matchAll(/-D([^=\s]+)=(\S*)/g)].map((found) => [found[1], found[2] ?? ""]));
}

function ownAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  if (!found) throw new ConfigurationError("this machine has no IPv4 address but loopback");
  return found.address;
}
