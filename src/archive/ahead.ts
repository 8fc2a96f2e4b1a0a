/**
 * Everything of one source after the other, with the beginnings of the next ones asked for already: so many sources are open
 * at once. When it ends early, what was asked for has ended too.
 */
export async function* inOrderAhead<T>(
  sources: Iterable<AsyncGenerator<T, void, void>>,
  depth: number,
): AsyncGenerator<T, void, void> {
  const left = sources[Symbol.iterator]();
  const open: { readonly source: AsyncGenerator<T, void, void>; next: Promise<IteratorResult<T, void>> }[] = [];
  const fill = () => {
    while (open.length < depth) {
      const source = left.next();
      if (source.done) return;
      const next = source.value.next();
      // Whoever comes to it is told; nobody may be waiting yet.
      next.catch(() => {});
      open.push({ source: source.value, next });
    }
  };
  try {
    for (fill(); open[0]; fill()) {
      const [first] = open;
      const result = await first.next;
      if (result.done) open.shift();
      else {
        first.next = first.source.next();
        first.next.catch(() => {});
        yield result.value;
      }
    }
  } finally {
    await Promise.allSettled(open.map(({ next }) => next));
    await Promise.allSettled(open.map(({ source }) => source.return()));
  }
}
