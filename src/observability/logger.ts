import { randomUUID } from "node:crypto";
import { createLogger as createWinston, format, transports, type Logger as Winston } from "winston";
import { redact, redactText } from "./redaction.ts";

type Level = "error" | "warn" | "info" | "debug";
type Fields = Readonly<Record<string, unknown>>;

/** One line for each call; never throws. Secrets and long values are taken out (redaction.ts). */
export interface Logger {
  error(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  /** A logger that puts `fields` on each line. */
  child(fields: Fields): Logger;
}

export interface LoggerOptions {
  readonly level: Level;
  readonly format: "json" | "text";
  /** Where lines go; standard error by default. */
  readonly stream?: NodeJS.WritableStream;
}

/** JSON lines for machines; for people `12:00:00.000 INFO message key=value …`. */
export function createLogger(options: LoggerOptions): Logger {
  const winston = createWinston({
    level: options.level,
    exitOnError: false,
    format: options.format === "json" ? jsonLine : textLine,
    transports: [new transports.Stream({ stream: options.stream ?? process.stderr })],
  });
  return wrap(winston, {});
}

/** The logger of one pass over one object: all its lines share `reconcileID`, as controller-runtime has it. */
export function forReconcile(logger: Logger, controller: string, key: string): Logger {
  const [namespace, name] = key.split("/");
  return logger.child({ controller, namespace, name, reconcileID: randomUUID() });
}

function wrap(winston: Winston, bound: Fields): Logger {
  const log = (level: Level) => (message: string, fields?: Fields) => {
    if (!winston.isLevelEnabled(level)) return;
    winston.log({ level, message: redactText(message), fields: safely({ ...bound, ...fields }) });
  };
  return {
    error: log("error"),
    warn: log("warn"),
    info: log("info"),
    debug: log("debug"),
    child: (fields) => wrap(winston, { ...bound, ...fields }),
  };
}

/** A getter of a logged object may throw; the line must come all the same. */
function safely(fields: Fields): Fields {
  try {
    return redact(fields) as Fields;
  } catch (error) {
    return { unloggable: error instanceof Error ? error.message : "fields" };
  }
}

interface Line {
  readonly level: string;
  readonly message: unknown;
  readonly fields?: Fields;
}

const jsonLine = format.printf((info) => {
  const { level, message, fields } = info as unknown as Line;
  return JSON.stringify({ ...fields, time: new Date().toISOString(), level, message });
});

const textLine = format.printf((info) => {
  const { level, message, fields = {} } = info as unknown as Line;
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [`${name}=${typeof value === "string" && /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value)}`],
  );
  const time = new Date().toISOString().slice(11, 23);
  return [time, level.toUpperCase().padEnd(5), oneLine(String(message)), ...pairs].join(" ");
});

/** What others wrote (a name, an error of the API server) must not look like a line of ours. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) =>
    JSON.stringify(character).slice(1, -1),
  );
}
