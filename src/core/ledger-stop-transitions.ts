import type { Archive, JobMemory, Ledger, LedgerOperation, SuspendedJob } from "./ledger.ts";
import { advanced, joining, operationOf, usedUp } from "./ledger-change.ts";
import { enter, finish, type Identity, rememberIdentity } from "./ledger-transitions.ts";

/** The changes of the ledger by which all members stop, with or without their state, and start again. */

/** The stop goes no further: back to ACTIVE, or on to what is to be undone after that. */
export function giveUpStop(
  ledger: Ledger,
  { step, failure }: { step: "Reactivating" | "ResumingJobs"; failure: string | undefined },
  at: string,
): Ledger {
  const next = enter(ledger, step, at);
  const why = failure === undefined ? {} : { failure: failure.slice(0, 1_000) };
  return { ...next, operation: { ...operationOf(next, "Stop"), ...why } };
}

/** Written before the cluster is asked to become PASSIVE. */
export function beginStop(
  ledger: Ledger,
  size: number,
  because: NonNullable<LedgerOperation["because"]>,
  at: string,
  acceptedLoss?: string,
): Ledger {
  return {
    ...advanced(ledger),
    ...usedUp(acceptedLoss),
    operation: {
      kind: "Stop",
      from: size,
      to: 0,
      replicas: size,
      step: "Quiescing",
      startedAt: at,
      because,
      lossless: true,
    },
  };
}

/** As `beginStop`, for a cluster whose state is saved to the archive's volume: nothing is quiesced before that can be done. */
export function beginArchive(
  ledger: Ledger,
  stop: {
    size: number;
    because: NonNullable<LedgerOperation["because"]>;
    nonce: string;
    accepted?: string | undefined;
  },
  at: string,
): Ledger {
  const stopping = beginStop(ledger, stop.size, stop.because, at, stop.accepted);
  // Jobs are suspended one after the other later: that their snapshots may lack entries must still be known then. A deletion
  // has its time, and does not ask.
  const lossy = stop.accepted !== undefined || stop.because === "Remove";
  const begun = { ...operationOf(stopping, "Stop"), ...(lossy && { lossAccepted: true }) };
  return { ...stopping, operation: { ...begun, step: "Preparing", archive: stop.nonce } };
}

/** The jobs that run now, written before the first of them is suspended: these go on after the restore. */
export function suspendForArchive(ledger: Ledger, jobs: readonly SuspendedJob[], at: string): Ledger {
  const next = enter(ledger, "SuspendingJobs", at);
  return { ...next, operation: { ...operationOf(next, "Stop"), jobs: [...jobs] } };
}

/**
 * In the same write as replicas 0. From here there is only one way: all pods go, then a start. Where the user has given
 * the state up (`lossless: false`), this is also the first write of the stop.
 */
export function halt(
  ledger: Ledger,
  stop: {
    size: number;
    lossless: boolean;
    because: NonNullable<LedgerOperation["because"]>;
    /** The acceptance of the loss that is used up by it. */
    accepted?: string | undefined;
    /** What is known of jobs, with those that the engine will not start again by itself. */
    jobs?: JobMemory | undefined;
    /** What was saved of it and verified. */
    archive?: Archive | undefined;
  },
  at: string,
): Ledger {
  return {
    ...advanced(ledger),
    ...(stop.accepted !== undefined && { accepted: stop.accepted }),
    ...(stop.lossless && { formedSize: stop.size }),
    ...(stop.jobs && { jobs: stop.jobs }),
    ...(stop.archive && { archive: stop.archive }),
    operation: {
      kind: "Stop",
      from: stop.size,
      to: 0,
      replicas: 0,
      step: "Halting",
      startedAt: at,
      because: stop.because,
      lossless: stop.lossless,
    },
  };
}

/** Every pod is gone. */
export function finishStop(ledger: Ledger, at: string): Ledger {
  const { operation: ended, members: _, clusterId: __, jobs, ...rest } = advanced(ledger);
  if (ended?.kind !== "Stop") throw new Error("no stop that could end");
  return {
    ...rest,
    ...(ended.lossless && jobs && { jobs }),
    stopped: { lossless: ended.lossless ?? false, at },
    lastOperation: { kind: "Stop", result: "Succeeded", finishedAt: at },
  };
}

/** The template of a stopped cluster, or of one that never formed, may be anything: nobody has state. */
export function retemplate(ledger: Ledger, version: string): Ledger {
  return { ...advanced(ledger), version };
}

/**
 * In the same write as the replicas. A cluster that was stopped losslessly comes back with exactly its members, so that
 * Q can stay; one whose state was given up begins anew at whatever size is asked for.
 */
export function beginStart(ledger: Ledger, size: number, at: string): Ledger {
  const { stopped, stateLost: _, ...rest } = advanced(ledger);
  return {
    ...rest,
    quorumBase: Math.max(ledger.quorumBase, size),
    operation: { ...joining("Start", 0, size, at), lossless: stopped?.lossless ?? false },
  };
}

/** How a cluster is filled from an archive. */
interface Filling {
  readonly archive: Archive;
  /** The acceptance that is used up by it. */
  readonly accepted?: string | undefined;
  /** Accepted: no job needs more members than these. */
  readonly mostQuorum?: number | undefined;
}

/** From the archive: any size, the jobs that ran go on afterwards. Only a new cluster that holds nothing is filled. */
export function beginRestore(ledger: Ledger, size: number, filling: Filling, at: string): Ledger {
  const starting = beginStart(ledger, size, at);
  const operation = { ...operationOf(starting, "Start"), ...filledBy(filling) };
  return { ...starting, ...usedUp(filling.accepted), operation };
}

/** All members lost their memory, and a person has accepted that those which are there by now are filled from the archive. */
export function beginRefill(ledger: Ledger, size: number, filling: Filling, at: string): Ledger {
  const { stateLost: _, ...rest } = advanced(ledger);
  const operation = { ...joining("Start", size, size, at), ...filledBy(filling) };
  return { ...rest, ...usedUp(filling.accepted), operation };
}

/** Jobs go on from here, so that another cluster than this one would have lost what they do: who it is goes into the same write. */
export function beginReleasing(ledger: Ledger, who: Identity, at: string): Ledger {
  const next = enter(ledger, "Releasing", at);
  return { ...rememberIdentity(ledger, who), operation: operationOf(next, "Start") };
}

function filledBy({ archive: { nonce, jobs }, mostQuorum }: Filling): Partial<LedgerOperation> {
  const ran = jobs.filter((job) => job.ran).map(({ id }) => ({ id, refresh: false }));
  return { lossless: true, archive: nonce, jobs: ran, ...(mostQuorum !== undefined && { mostQuorum }) };
}

/** Before the first entry is written: these members are filled, and no others hold anything of it. */
export function fillMembers(ledger: Ledger, { members, clusterId }: Identity, at: string): Ledger {
  const next = enter(ledger, "Loading", at);
  return { ...next, members: [...members], ...(clusterId !== undefined && { clusterId }) };
}

/** Jobs may have gone on when all members lost their memory: how far they came nobody knows. The archive stays as it is. */
export function loseRestored(ledger: Ledger, loss: Identity & { jobs: readonly string[] }, at: string): Ledger {
  const { to } = operationOf(ledger, "Start");
  return {
    ...finish(ledger, to, at),
    members: [...loss.members],
    ...(loss.clusterId !== undefined && { clusterId: loss.clusterId }),
    stateLost: { at, jobs: loss.jobs.slice(0, 100) },
    lastOperation: { kind: "Start", result: "Abandoned", finishedAt: at, message: "all members were lost at its end" },
  };
}
