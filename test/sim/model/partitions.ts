/** Few, so that a loss is likely to be seen, and enough that each member holds some. */
export const partitionCount = 7;

interface Partition {
  /** UUIDs; the first is the owner. */
  replicas: readonly string[];
}

/**
 * Where each partition's copies are, on one side of the network. The engine moves one partition at a time; a partition
 * whose last copy goes is lost with the data in it, and begins again empty.
 */
export class PartitionTable {
  readonly #partitions: Partition[];
  readonly #backups: number;
  /** Partitions whose data are gone for good, by number. */
  readonly lost = new Set<number>();

  constructor(backups: number, from?: PartitionTable) {
    this.#backups = backups;
    this.#partitions = Array.from({ length: partitionCount }, (_, n) => ({ replicas: from?.replicasOf(n) ?? [] }));
    for (const n of from?.lost ?? []) this.lost.add(n);
  }

  replicasOf(partition: number): readonly string[] {
    return this.#partitions[partition]?.replicas ?? [];
  }

  /** Copies of these members are gone, in this instant. @returns partitions that lost their last copy. */
  drop(uuids: ReadonlySet<string>): number[] {
    const gone: number[] = [];
    for (const [n, partition] of this.#partitions.entries()) {
      if (partition.replicas.length === 0) continue;
      partition.replicas = partition.replicas.filter((uuid) => !uuids.has(uuid));
      if (partition.replicas.length === 0) {
        this.lost.add(n);
        gone.push(n);
      }
    }
    return gone;
  }

  /** Partitions whose copies are not where they belong among `members`. */
  outOfPlace(members: readonly string[]): number[] {
    return this.#partitions.flatMap((partition, n) =>
      samePlaces(partition.replicas, this.#places(n, members)) ? [] : [n],
    );
  }

  /** Moves one partition to where it belongs; the copies are complete from then on. */
  settle(partition: number, members: readonly string[]): void {
    const found = this.#partitions[partition];
    if (found) found.replicas = this.#places(partition, members);
  }

  holds(uuid: string): boolean {
    return this.#partitions.some((partition) => partition.replicas.includes(uuid));
  }

  /** Rendezvous hashing: few copies move when a member comes or goes. */
  #places(partition: number, members: readonly string[]): string[] {
    return [...members]
      .sort((a, b) => rank(b, partition) - rank(a, partition) || (a < b ? -1 : 1))
      .slice(0, this.#backups + 1);
  }
}

function samePlaces(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && b.every((uuid) => a.includes(uuid));
}

function rank(uuid: string, partition: number): number {
  let hash = 2_166_136_261 ^ partition;
  for (let i = 0; i < uuid.length; i += 1) hash = Math.imul(hash ^ uuid.charCodeAt(i), 16_777_619);
  return (hash ^ (hash >>> 13)) >>> 0;
}
