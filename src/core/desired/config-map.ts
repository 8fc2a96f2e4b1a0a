import type { V1ConfigMap } from "@kubernetes/client-node";
import { childNames } from "../../api/names.ts";
import type { DesiredContext } from "./context.ts";
import { engineFiles } from "./engine-config.ts";
import { childMetadata } from "./metadata.ts";

/** The engine's configuration. No secret is in it: the licence comes by environment, from its Secret. */
export function configMap(context: DesiredContext): V1ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: childMetadata(context, childNames(context.cluster.metadata.name).config),
    data: { ...engineFiles(context) },
  };
}
