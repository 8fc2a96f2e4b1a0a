/** A file of the repository that is made, not written: `npm run generate` writes it, `--check` compares it. */
export interface Output {
  /** Path from the top of the repository. */
  readonly file: string;
  readonly content: () => string | Promise<string>;
}
