import { readFileSync } from "node:fs";
import { auditLog } from "../cluster/paths.ts";

/** One request as the API server's audit log has it. */
export interface AuditedRequest {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** When it came in and when it was answered, in milliseconds of the clock. */
  readonly at: number;
  readonly answeredAt: number;
  readonly code: number | undefined;
  /** Of patches of StatefulSets only. */
  readonly body: unknown;
}

interface AuditEvent {
  readonly verb: string;
  readonly stage: string;
  readonly user: { readonly username: string };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: unknown;
}

/** What users whose name begins with `user` asked the API server since a time (milliseconds of the clock), from its own log. */
export function requestsOf(user: string, since: number): AuditedRequest[] {
  return readFileSync(auditLog, "utf8")
    .split("\n")
    .filter((line) => line.includes(`"${user}`))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => event.user.username.startsWith(user) && Date.parse(event.requestReceivedTimestamp) >= since)
    .map(({ verb, objectRef, requestReceivedTimestamp, stageTimestamp, responseStatus, requestObject }) => ({
      verb,
      resource: [objectRef?.resource, objectRef?.subresource].filter(Boolean).join("/"),
      namespace: objectRef?.namespace,
      name: objectRef?.name,
      at: Date.parse(requestReceivedTimestamp),
      answeredAt: Date.parse(stageTimestamp),
      code: responseStatus?.code,
      body: requestObject,
    }));
}
