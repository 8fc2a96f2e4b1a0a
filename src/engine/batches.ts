/** So many questions are on their way at once on one connection. */
const batchSize = 32;

/** Asks about each item, a batch at a time, so that a thousand jobs do not take a thousand round trips one after the other. */
export async function inBatches<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < items.length; at += batchSize) {
    answers.push(...(await Promise.all(items.slice(at, at + batchSize).map(ask))));
  }
  return answers;
}
