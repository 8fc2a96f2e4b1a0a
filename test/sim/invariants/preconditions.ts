import type { DeleteOptions, JsonPatchOperation } from "../../../src/kube/client.ts";
import { resources } from "../../../src/kube/objects.ts";
import type { Invariant } from "./invariant.ts";

/** A write that was decided from an older world fails instead of doing harm. */
export const preconditions: Invariant = {
  id: "I12",
  says: "every destructive call names the uid, and a change of replicas the replicas and ledger it came from",
  asked(_, call) {
    if (call.verb === "delete") {
      return (call.body as DeleteOptions).uid === undefined ? `${call.ref.name} deleted without a uid` : undefined;
    }
    if (call.ref.resource !== resources.statefulSets || call.verb === "create") return undefined;
    if (call.verb !== "patch") return `${call.verb} of the StatefulSet`;
    const operations = call.body as readonly JsonPatchOperation[];
    const tested = new Set(operations.filter((o) => o.op === "test").map((o) => o.path));
    if (!tested.has("/metadata/uid")) return "a patch of the StatefulSet without a test of its uid";
    const scales = operations.some((o) => o.op !== "test" && o.path === "/spec/replicas");
    if (scales && !tested.has("/spec/replicas")) return "replicas changed without a test of the old ones";
    if (scales && ![...tested].some((path) => path.includes("ledger")))
      return "replicas changed without a test of the ledger";
    return undefined;
  },
};
