import type { V1NetworkPolicyPeer } from "@kubernetes/client-node";
import type { JetCluster } from "../../api/jet-cluster.ts";
import type { Engine } from "../evidence/capabilities.ts";

/** All that the children of one cluster are made from. Equal contexts give equal objects, byte for byte. */
export interface DesiredContext {
  readonly cluster: JetCluster;
  /** By the version in the ledger, which outlives an absent `spec.version`. */
  readonly engine: Engine;
  readonly operator: {
    readonly namespace: string;
    /** Labels that every pod of the operator has and no other pod of its namespace. */
    readonly podLabels: Readonly<Record<string, string>>;
  };
  /** Pods that may read the engine's metrics. */
  readonly metricsClients: readonly V1NetworkPolicyPeer[];
  /** Repositories, without tag, taken where `spec.image.repository` is absent. */
  readonly images: EngineImages;
  /** The operator's own image, whose `archive` command saves and restores. */
  readonly archiveImage: string;
  /** Clients are let in only when open. */
  readonly gate: "open" | "closed";
  /** Pods that an eviction may take away now, one after the other. */
  readonly disruptionsAllowed: number;
}

interface EngineImages {
  readonly platform: string;
  readonly platformEnterprise: string;
  readonly jet: string;
  readonly jetEnterprise: string;
}

/** The engine keeps its state on a volume of its own. */
export function isHotRestart({ cluster }: DesiredContext): boolean {
  return cluster.spec.losslessRestart.mode === "HotRestart";
}

/** The state is saved to a volume of the cluster when it stops. */
export function archives({ cluster }: DesiredContext): boolean {
  return cluster.spec.losslessRestart.mode === "Archive";
}

/** What the members call their cluster, and clients must too. */
export function clusterNameOf({ cluster }: DesiredContext): string {
  return cluster.spec.clusterName ?? cluster.metadata.name;
}
