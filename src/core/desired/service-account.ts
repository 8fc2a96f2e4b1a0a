import type { V1ServiceAccount } from "@kubernetes/client-node";
import { childNames } from "../../api/names.ts";
import type { DesiredContext } from "./context.ts";
import { childMetadata } from "./metadata.ts";

/** An identity without any right: members find each other by DNS and never ask the API server. */
export function serviceAccount(context: DesiredContext): V1ServiceAccount {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: childMetadata(context, childNames(context.cluster.metadata.name).serviceAccount),
    automountServiceAccountToken: false,
  };
}
