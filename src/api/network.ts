import { z } from "zod";
import { annotationMap, atomic, labelSelector, rules } from "./fields.ts";
import { port } from "./names.ts";

const client = z
  .object({
    podSelector: labelSelector(
      "Pods by their labels; in the cluster's namespace unless namespaceSelector is given.",
    ).exactOptional(),
    namespaceSelector: labelSelector(
      "Namespaces by their labels; all their pods unless podSelector is given.",
    ).exactOptional(),
  })
  .meta(
    rules({
      rule: "has(self.podSelector) || has(self.namespaceSelector)",
      message: "a client needs podSelector, namespaceSelector or both; {} selects all",
    }),
  );

export const network = z
  .object({
    policy: z
      .enum(["Restricted", "None"])
      .default("Restricted")
      .describe(
        "Restricted: a NetworkPolicy admits members, the operator, declared clients and, to the metrics port, Prometheus. None: no NetworkPolicy; whoever reaches port 5701 can shut the cluster down.",
      ),
    clients: z
      .array(client)
      .max(32)
      .meta({
        ...atomic,
        description: "Who may connect to members besides the operator, each a pair of selectors as in a NetworkPolicy.",
      })
      .default([]),
  })
  .describe("Who may reach the members. A change takes effect at once.");

export const service = z
  .object({
    type: z
      .enum(["ClusterIP", "NodePort", "LoadBalancer"])
      .default("ClusterIP")
      .describe("Type of the client Service."),
    annotations: annotationMap("Annotations of the client Service, for load balancers.").exactOptional(),
  })
  .describe("The client Service, which has the name of the cluster and port 5701. A change takes effect at once.");

export const monitoring = z
  .object({
    engineMetricsPort: z
      .int()
      .min(1_024)
      .max(65_535)
      .default(port.metrics)
      .meta({
        description:
          "Port on which each member serves its metrics to Prometheus. A change restarts members one by one.",
        ...rules({ rule: `self != ${port.member}`, message: `port ${port.member} is the members' own` }),
      }),
  })
  .describe("Metrics of the engine.");
