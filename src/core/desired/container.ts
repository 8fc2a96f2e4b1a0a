import type { V1Container, V1EnvVar, V1Probe, V1ResourceRequirements } from "@kubernetes/client-node";
import { port } from "../../api/names.ts";
import { type DesiredContext, isHotRestart } from "./context.ts";
import { isOwnedEnv, isOwnedJvmOption } from "./owned-config.ts";
import { seconds } from "./timeouts.ts";
import { configDirectory, volumeMounts } from "./volumes.ts";

/** The start scripts themselves, which end in java: through the shell of the 4.x image's own command SIGTERM may get lost. */
const command = { platform: ["hz", "start"], jet: ["jet-start"] };

export function engineContainer(context: DesiredContext): V1Container {
  const { spec } = context.cluster;
  return {
    name: "engine",
    image: imageOf(context),
    imagePullPolicy: spec.image?.pullPolicy ?? "IfNotPresent",
    command: command[context.engine.line],
    env: environment(context),
    ports: [
      { name: "member", containerPort: port.member, protocol: "TCP" },
      { name: "metrics", containerPort: spec.monitoring.engineMetricsPort, protocol: "TCP" },
    ],
    ...probes(context),
    ...(spec.resources && { resources: resourcesOf(spec.resources) }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      ...spec.containerSecurityContext,
    },
    volumeMounts: volumeMounts(context),
  };
}

/** The public image of the version, unless the spec names another. */
function imageOf({ cluster, engine, images }: DesiredContext): string {
  const { repository, tag, digest } = cluster.spec.image ?? {};
  const publicImages = {
    platform: { OpenSource: images.platform, Enterprise: images.platformEnterprise },
    jet: { OpenSource: images.jet, Enterprise: images.jetEnterprise },
  };
  const name = repository ?? publicImages[engine.line][engine.edition];
  const tagged = digest && !tag ? name : `${name}:${tag ?? engine.version}`;
  return digest ? `${tagged}@${digest}` : tagged;
}

/** Ours first: what comes later cannot be expanded into it by `$(NAME)`. */
function environment(context: DesiredContext): V1EnvVar[] {
  const { spec } = context.cluster;
  const platform = context.engine.line === "platform";
  const license = spec.licenseKeySecretRef;
  return [
    { name: "JAVA_OPTS", value: javaOptions(context).join(" ") },
    { name: "PROMETHEUS_PORT", value: String(spec.monitoring.engineMetricsPort) },
    ...(platform ? [{ name: "HAZELCAST_CONFIG", value: `${configDirectory}/hazelcast.yaml` }] : []),
    ...(license
      ? [{ name: platform ? "HZ_LICENSEKEY" : "JET_LICENSE_KEY", valueFrom: { secretKeyRef: { ...license } } }]
      : []),
    // As the API server has checked it; absent and undefined are the same in JSON.
    ...((spec.env ?? []) as V1EnvVar[]).filter(({ name }) => !isOwnedEnv(name)),
  ];
}

/** Heap first, so that an option of the user's (`-Xmx`) wins; the places of the 4.x files last, so that none does. */
function javaOptions({ cluster, engine }: DesiredContext): string[] {
  const { heapPercent, options } = cluster.spec.jvm;
  // The start scripts split at blanks: one entry may hold several options.
  const own = options.flatMap((option) => option.split(/\s+/)).filter((option) => option && !isOwnedJvmOption(option));
  const files = [
    // The default options of the 4.x image are added by its command, which we do not use.
    "-Djava.net.preferIPv4Stack=true",
    `-Dhazelcast.config=${configDirectory}/hazelcast.yaml`,
    `-Dhazelcast.jet.config=${configDirectory}/hazelcast-jet.yaml`,
  ];
  return [`-XX:MaxRAMPercentage=${heapPercent}`, ...own, ...(engine.line === "jet" ? files : [])];
}

const startupPeriod = 5;

/**
 * Start-up: the port opens when the member has started, which with persistence may include waiting for the others.
 * Liveness asks the member of itself only: never whether the cluster is ready or safe, or one slow migration would kill
 * members one after the other. Readiness: has it joined.
 */
function probes(context: DesiredContext): Record<"startupProbe" | "livenessProbe" | "readinessProbe", V1Probe> {
  const budget = isHotRestart(context) ? seconds.validation + seconds.dataLoad + seconds.startup : seconds.startup;
  const get = (path: string) => ({ httpGet: { path: `/hazelcast/health/${path}`, port: "member", scheme: "HTTP" } });
  return {
    startupProbe: {
      tcpSocket: { port: "member" },
      periodSeconds: startupPeriod,
      timeoutSeconds: 5,
      failureThreshold: Math.ceil(budget / startupPeriod),
    },
    livenessProbe: { ...get("node-state"), periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 10 },
    readinessProbe: {
      ...get(context.engine.readyEndpoint ? "ready" : "node-state"),
      periodSeconds: 5,
      timeoutSeconds: 5,
      failureThreshold: 3,
    },
  };
}

type Quantities = Readonly<Record<string, string | number>>;

function resourcesOf(given: {
  requests?: Quantities | undefined;
  limits?: Quantities | undefined;
}): V1ResourceRequirements {
  return {
    ...(given.requests && { requests: texts(given.requests) }),
    ...(given.limits && { limits: texts(given.limits) }),
  };
}

/** `1` and `"1"` are the same to Kubernetes, not to a hash. */
function texts(quantities: Quantities): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, String(quantity)]));
}
