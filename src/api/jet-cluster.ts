import type { z } from "zod";
import { spec } from "./spec.ts";
import { type BlockedBy, type Condition, type JetClusterStatus, type MemberStatus, status } from "./status.ts";

/**
 * The one source of the JetCluster API: the CRD in `crds/`, the chart's copy and `docs/api.md` are generated from it
 * (`npm run generate`). The input of a schema is what a user may write, its output what the API server has filled with defaults.
 */
export const jetClusterSpec = spec;
export const jetClusterStatus = status;

export type JetClusterSpec = z.output<typeof spec>;
export type JetClusterSpecInput = z.input<typeof spec>;
export type { BlockedBy, Condition, JetClusterStatus, MemberStatus };

export interface ObjectMeta {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** A JetCluster as the API server returns it: defaults filled in. */
export interface JetCluster {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: JetClusterSpec;
  status?: JetClusterStatus;
}
