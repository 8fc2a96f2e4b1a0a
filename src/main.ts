import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { KubeConfig } from "@kubernetes/client-node";
import { Registry } from "prom-client";
import { operatorVersion } from "./config/version.ts";
import { type Config, ConfigError, loadConfig, usage } from "./config.ts";
import { healthChecks } from "./http/health.ts";
import { startHealthServer } from "./http/health-server.ts";
import { startMetricsServer } from "./http/metrics-server.ts";
import { createLogger, type Logger } from "./observability/logger.ts";
import { createOperator } from "./operator.ts";

/** Composition root: reads the configuration, builds, runs, and gives the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    process.stdout.write(usage());
    return 0;
  }
  const config = loadConfig(argv, process.env);
  const logger = createLogger(config.log);
  process.on("unhandledRejection", (error) => {
    logger.error("unhandled rejection: this is a defect", { error });
    process.exit(1);
  });
  return run(config, logger);
}

async function run(config: Config, logger: Logger): Promise<number> {
  const stop = stopSignal(logger);
  const registry = new Registry();
  const operator = createOperator({
    config,
    kubeConfig: kubeConfigOf(config),
    identity: `${config.pod.name || hostname()}_${randomBytes(4).toString("hex")}`,
    logger,
    registry,
  });
  const onFault = (error: unknown) => logger.error("an HTTP request failed", { error });
  const facts = { synced: operator.synced, stopping: () => stop.aborted };
  const servers = await Promise.all([
    startHealthServer(
      config.health,
      healthChecks(facts, () => performance.now()),
      onFault,
    ),
    startMetricsServer(config.metrics, registry, onFault),
  ]);
  logger.info("started", { version: operatorVersion, namespaces: config.watchNamespaces });
  try {
    await operator.run(stop);
    return 0;
  } catch (error) {
    if (stop.aborted) return 0;
    logger.error("the operator ends", { error });
    return 1;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function kubeConfigOf(config: Config): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (config.kubeconfig === undefined) kubeConfig.loadFromCluster();
  else kubeConfig.loadFromFile(config.kubeconfig);
  return kubeConfig;
}

/** Aborted by the first SIGTERM or SIGINT; the second ends the process at once. As PID 1 nobody else would handle them. */
function stopSignal(logger: Logger): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      logger.info("asked to end", { signal: name });
      controller.abort(new Error(`asked to end by ${name}`));
    });
  }
  return controller.signal;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
