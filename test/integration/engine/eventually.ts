/** Asks again until what it gets is accepted. @throws the last answer, when `millis` are over. */
export async function eventually<T>(
  ask: () => Promise<T>,
  accept: (answer: T) => boolean,
  millis = 120_000,
): Promise<T> {
  const until = performance.now() + millis;
  for (;;) {
    const answer = await ask();
    if (accept(answer)) return answer;
    if (performance.now() > until) throw new Error(`not within ${millis} ms; last: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
