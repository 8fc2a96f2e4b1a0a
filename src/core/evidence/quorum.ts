/** Members that must be in one view before a job may go on: more than half of `base`. Seed: "more than half of what it was before". */
export function neededOf(base: number): number {
  return Math.floor(base / 2) + 1;
}

/**
 * A split can take ⌊(size−1)/2⌋ members away and leave a majority; below that many backups a job's record can die with
 * them (seen on the real engine with 2|3 and one backup).
 */
export function backupsForMinorityLoss(size: number): number {
  return Math.floor((size - 1) / 2);
}
