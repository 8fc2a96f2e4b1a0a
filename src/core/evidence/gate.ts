import type { Ledger } from "../ledger.ts";

/**
 * Clients are let in once one view of full size existed: before, one that submits jobs or writes data could reach a
 * member that is not yet part of the cluster.
 */
export function gateOf(ledger: Ledger | undefined): "open" | "closed" {
  return ledger?.formedSize === undefined || ledger.operation?.kind === "Form" ? "closed" : "open";
}
