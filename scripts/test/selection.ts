/** What of a task is to be run: its stages, and the files that each is limited to, of its own (none = all). */
export interface Selection<Name extends string> {
  readonly stages: readonly Name[];
  readonly files: readonly string[];
}

/**
 * Chooses from a task's stages by what was named after it: stages by their names, test files by their paths, whose
 * folder says the stage. Nothing named is the whole task. `build` comes along where real parts are run.
 * @throws Error when something named is neither a stage of the task nor a file of one.
 */
export function choose<Name extends string>(all: readonly Name[], named: readonly string[]): Selection<Name> {
  if (named.length === 0) return { stages: all, files: [] };
  const wanted = new Set<string>();
  const files: string[] = [];
  for (const argument of named) {
    const stage = all.find((name) => name === argument || argument.startsWith(`test/${name}/`));
    if (!stage) {
      throw new Error(`"${argument}" is neither one of the parts ${all.join(", ")} nor a file below test/<part>/`);
    }
    wanted.add(stage);
    if (stage !== argument) files.push(argument);
  }
  if (wanted.has("integration") || wanted.has("e2e")) wanted.add("build");
  return { stages: all.filter((name) => wanted.has(name)), files };
}
