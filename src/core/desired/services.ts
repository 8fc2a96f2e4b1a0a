import type { V1Service } from "@kubernetes/client-node";
import { childNames, group, port } from "../../api/names.ts";
import type { DesiredContext } from "./context.ts";
import { childMetadata, selectorLabels } from "./metadata.ts";

/** No pod ever has this label (`podMetadata` cannot set any of our group). */
const nobody = { [`${group}/gate`]: "closed" };

/**
 * Where clients connect. While the gate is closed it selects nobody: a refused connection is tried again, whereas a
 * client that the engine's own client filter refuses gives up for good. The selector cannot just be left out: then the
 * endpoints would stay as they last were.
 */
export function clientService(context: DesiredContext): V1Service {
  const { name } = context.cluster.metadata;
  const { type, annotations } = context.cluster.spec.service;
  const metadata = childMetadata(context, childNames(name).clientService);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...metadata, ...(annotations && { annotations }) },
    spec: {
      type,
      selector: { ...selectorLabels(context), ...(context.gate === "closed" && nobody) },
      ports: [memberPort],
    },
  };
}

/** Names of the pods and where members find each other: also those that are not ready, or none ever would be. */
export function headlessService(context: DesiredContext): V1Service {
  const { name } = context.cluster.metadata;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: childMetadata(context, childNames(name).headlessService),
    spec: {
      type: "ClusterIP",
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: selectorLabels(context),
      ports: [memberPort],
    },
  };
}

const memberPort = { name: "member", port: port.member, protocol: "TCP", targetPort: "member" };
