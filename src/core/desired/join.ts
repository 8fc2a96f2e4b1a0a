import { childNames } from "../../api/names.ts";
import type { DesiredContext } from "./context.ts";

/**
 * How members find each other (docs/decisions/0003-join.md): the headless Service's name, which stays the same while the
 * cluster grows and needs no right at the API server. Without the cluster's domain, which nobody tells us: the pod's
 * search list completes it.
 */
export function join(context: DesiredContext) {
  const { name, namespace } = context.cluster.metadata;
  return {
    "auto-detection": { enabled: false },
    multicast: { enabled: false },
    "tcp-ip": { enabled: false },
    kubernetes: { enabled: true, "service-dns": `${childNames(name).headlessService}.${namespace}.svc` },
  };
}
