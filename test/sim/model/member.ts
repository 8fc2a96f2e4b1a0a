import type { SeenMember } from "../../../src/core/evidence/observation.ts";
import type { Island } from "./island.ts";

type Phase =
  /** The process runs; REST answers nothing yet. */
  | "booting"
  /** REST answers already, with a view of itself alone; it looks for others. */
  | "looking"
  | "joined"
  /** SIGTERM came: it hands its partitions over. */
  | "leaving"
  | "gone";

/** One engine process: made when a container starts, never used again once it is gone. */
export interface Member {
  uuid: string;
  readonly address: string;
  readonly pod: string;
  readonly podUid: string;
  readonly ordinal: number;
  readonly startedAt: number;
  /** Its volume, where it has one. */
  readonly claimUid: string | undefined;
  phase: Phase;
  island: Island | undefined;
  /** What this member itself believes; lags behind its island. */
  view: readonly SeenMember[];
  /** What this member itself says of its partitions; lags like its view. */
  believedSafe: boolean;
  /** The container's end, told to the kubelet once. */
  onExit: (how: "graceful" | "crashed") => void;
}

export function isAlive(member: Member): boolean {
  return member.phase !== "gone";
}

/** A data member that counts for its island. */
export function isIn(member: Member): boolean {
  return member.phase === "joined" || member.phase === "leaving";
}

export function seenAs(member: Member): SeenMember {
  return { uuid: member.uuid, address: `[${member.address}]:5701` };
}
