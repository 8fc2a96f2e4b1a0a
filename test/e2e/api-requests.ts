import { readFileSync } from "node:fs";
import { auditLog } from "../cluster/paths.ts";

/** One request as the API server's audit log has it. */
export interface AuditedRequest {
  readonly verb: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly at: number;
  readonly code: number | undefined;
}

interface AuditEvent {
  readonly verb: string;
  readonly stage: string;
  readonly user: { readonly username: string };
  readonly requestReceivedTimestamp: string;
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
}

/** What a user asked the API server since a time (milliseconds of the clock), from the server's own log. */
export function requestsOf(user: string, since: number): AuditedRequest[] {
  return readFileSync(auditLog, "utf8")
    .split("\n")
    .filter((line) => line.includes(`"${user}"`))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => event.user.username === user && Date.parse(event.requestReceivedTimestamp) >= since)
    .map(({ verb, objectRef, requestReceivedTimestamp, responseStatus }) => ({
      verb,
      resource: [objectRef?.resource, objectRef?.subresource].filter(Boolean).join("/"),
      name: objectRef?.name,
      at: Date.parse(requestReceivedTimestamp),
      code: responseStatus?.code,
    }));
}
