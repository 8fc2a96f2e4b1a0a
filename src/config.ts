import { parseArgs } from "node:util";
import {
  environmentName,
  type ListenAddress,
  type OptionName,
  options,
  type Peer,
  type Values,
} from "./config/options.ts";

/** What the operator was started with: checked once, frozen. Durations are milliseconds. */
export interface Config {
  /** Sorted, without doubles; empty = every namespace. */
  readonly watchNamespaces: readonly string[];
  /** Absent = the pod's service account. */
  readonly kubeconfig: string | undefined;
  /** The operator's own pod: its identity, and what engines' NetworkPolicies admit. */
  readonly pod: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  /** Who may reach the metrics port of engines. */
  readonly metricsClients: readonly Peer[];
  readonly leaderElection: {
    readonly name: string;
    readonly namespace: string;
    readonly leaseDurationMillis: number;
    readonly renewDeadlineMillis: number;
    readonly retryPeriodMillis: number;
  };
  readonly metrics: ListenAddress;
  readonly health: ListenAddress;
  readonly log: { readonly level: "error" | "warn" | "info" | "debug"; readonly format: "json" | "text" };
  readonly workers: number;
  /** Repositories, without tag, of engine images. */
  readonly engineImages: {
    readonly platform: string;
    readonly platformEnterprise: string;
    readonly jet: string;
    readonly jetEnterprise: string;
  };
  /** This operator's own image. */
  readonly archiveImage: string;
}

/** Each line names the flag or variable, its value and what is accepted. Trying again with the same settings cannot help. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/**
 * @param argv arguments after the program's name.
 * @throws ConfigError with every problem found, not only the first.
 */
export function loadConfig(argv: readonly string[], environment: Readonly<Record<string, string | undefined>>): Config {
  const flags = flagsOf(argv);
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of optionNames()) {
    const read = readOption(name, flags[name], environment[environmentName(name)]);
    if ("problem" in read) problems.push(read.problem);
    else values[name] = read.value;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const config = compile(values as Values);
  const unordered = orderProblems(config);
  if (unordered.length > 0) throw new ConfigError(unordered);
  return deepFreeze(config);
}

/** For `--help`: every option with its variable, its default and what it accepts. */
export function usage(): string {
  const lines = optionNames().map((name) => {
    const { about, accepts, fallback } = options[name];
    const standard = fallback === undefined ? "required" : `default ${fallback === "" ? "empty" : fallback}`;
    return `  --${name}  (${environmentName(name)})\n      ${about}; ${accepts}; ${standard}`;
  });
  return `Usage: jet-operator [--option=value …]\n\n${lines.join("\n")}\n`;
}

function optionNames(): OptionName[] {
  return Object.keys(options) as OptionName[];
}

function flagsOf(argv: readonly string[]): Partial<Record<string, string>> {
  const known = Object.fromEntries(optionNames().map((name) => [name, { type: "string", multiple: true } as const]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const problems: string[] = [];
  const flags: Partial<Record<string, string>> = {};
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") problems.push(`argument "${token.value}": only --option=value is accepted`);
    else if (!(token.name in known)) problems.push(unknownFlag(token.rawName));
    else if (token.value === undefined)
      problems.push(`--${token.name}: a value is missing; --${token.name}=… is accepted`);
    else if (flags[token.name] !== undefined) problems.push(`--${token.name}: given twice; once is accepted`);
    else flags[token.name] = token.value;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return flags;
}

function unknownFlag(rawName: string): string {
  return `${rawName}: unknown; accepted are ${optionNames()
    .map((name) => `--${name}`)
    .join(", ")}`;
}

function readOption(
  name: OptionName,
  flag: string | undefined,
  variable: string | undefined,
): { value: unknown } | { problem: string } {
  const { accepts, fallback, schema } = options[name];
  const text = flag ?? variable ?? fallback;
  if (text === undefined) {
    return { problem: `--${name} or ${environmentName(name)}: missing; ${accepts} is accepted` };
  }
  const parsed = schema.safeParse(text);
  if (parsed.success) return { value: parsed.data };
  const source = flag === undefined ? environmentName(name) : `--${name}`;
  return { problem: `${source} "${text.slice(0, 200)}": ${accepts} is accepted` };
}

function compile(values: Values): Config {
  return {
    watchNamespaces: values["watch-namespaces"],
    kubeconfig: values.kubeconfig,
    pod: { name: values["pod-name"], namespace: values["pod-namespace"], labels: values["pod-labels"] },
    metricsClients: values["metrics-clients"],
    leaderElection: {
      name: values["leader-election-name"],
      namespace: values["leader-election-namespace"] ?? values["pod-namespace"],
      leaseDurationMillis: values["leader-election-lease-duration"],
      renewDeadlineMillis: values["leader-election-renew-deadline"],
      retryPeriodMillis: values["leader-election-retry-period"],
    },
    metrics: values["metrics-bind-address"],
    health: values["health-bind-address"],
    log: { level: values["log-level"], format: values["log-format"] },
    workers: values.workers,
    engineImages: {
      platform: values["hazelcast-image"],
      platformEnterprise: values["hazelcast-enterprise-image"],
      jet: values["hazelcast-jet-image"],
      jetEnterprise: values["hazelcast-jet-enterprise-image"],
    },
    archiveImage: values["archive-image"],
  };
}

/** Of client-go's leader election: the leader must stop before others may begin, and must have tried more than once. */
function orderProblems({ leaderElection, metrics, health }: Config): string[] {
  const { leaseDurationMillis, renewDeadlineMillis, retryPeriodMillis } = leaderElection;
  const problems: string[] = [];
  // The Lease holds whole seconds, at least one.
  if (leaseDurationMillis < 1_000 || leaseDurationMillis % 1_000 !== 0) {
    problems.push(`--leader-election-lease-duration ${leaseDurationMillis} ms: whole seconds are accepted`);
  }
  if (renewDeadlineMillis >= leaseDurationMillis) {
    problems.push(
      `--leader-election-renew-deadline ${renewDeadlineMillis} ms: less than the lease duration (${leaseDurationMillis} ms) is accepted`,
    );
  }
  if (retryPeriodMillis * 2 > renewDeadlineMillis) {
    problems.push(
      `--leader-election-retry-period ${retryPeriodMillis} ms: at most half of the renew deadline (${renewDeadlineMillis} ms) is accepted`,
    );
  }
  if (metrics.port !== 0 && metrics.port === health.port) {
    problems.push(
      `--health-bind-address port ${health.port}: a port other than that of --metrics-bind-address is accepted`,
    );
  }
  return problems;
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}
