import type { Ledger } from "../ledger.ts";

/**
 * Clients are let in once one view of full size existed: before, one that submits jobs or writes data could reach a
 * member that is not yet part of the cluster. They are kept out again while the cluster stops and starts.
 */
export function gateOf(ledger: Ledger | undefined): "open" | "closed" {
  if (ledger?.formedSize === undefined || ledger.stopped) return "closed";
  return ["Form", "Start", "Stop"].includes(ledger.operation?.kind ?? "") ? "closed" : "open";
}
