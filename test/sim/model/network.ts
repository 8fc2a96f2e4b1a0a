/** Who reaches whom. Members are known by the address of their pod. */
export class Network {
  /** Groups of addresses that reach only each other; an address in no group reaches all others in none. */
  #sides: readonly ReadonlySet<string>[] = [];
  readonly #silent = new Set<string>();

  connected(a: string, b: string): boolean {
    return a === b || this.#sideOf(a) === this.#sideOf(b);
  }

  /** The operator reaches every member of every side, but those that were cut off from it. */
  reachedByOperator(address: string): boolean {
    return !this.#silent.has(address) && !this.#silent.has("*");
  }

  split(sides: readonly (readonly string[])[]): void {
    this.#sides = sides.map((side) => new Set(side));
  }

  heal(): void {
    this.#sides = [];
  }

  get divided(): boolean {
    return this.#sides.length > 0;
  }

  /** `*`: every member. */
  silence(address: string): void {
    this.#silent.add(address);
  }

  hearAll(): void {
    this.#silent.clear();
  }

  #sideOf(address: string): number {
    return this.#sides.findIndex((side) => side.has(address));
  }
}
