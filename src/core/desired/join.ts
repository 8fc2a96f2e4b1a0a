import { childNames } from "../../api/names.ts";
import type { DesiredContext } from "./context.ts";

/**
 * How members find each other (docs/decisions/0003-join.md): the headless Service's name, which stays the same while the
 * cluster grows and needs no right at the API server. Without the cluster's domain, which nobody tells us: the pod's
 * search list completes it. A lookup that takes longer than the timeout (5 s by default) counts as "nobody there", and a
 * member that finds nobody starts a cluster of its own: a busy node must not be enough for that.
 */
export function join(context: DesiredContext) {
  const { name, namespace } = context.cluster.metadata;
  const service = `${childNames(name).headlessService}.${namespace}.svc`;
  return {
    "auto-detection": { enabled: false },
    multicast: { enabled: false },
    "tcp-ip": { enabled: false },
    kubernetes: { enabled: true, "service-dns": service, "service-dns-timeout": 30 },
  };
}
