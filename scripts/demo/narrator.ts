/** Tells a person what goes on: chapters, and lines with the seconds since the beginning. */
export function narrator(): { chapter(title: string): void; line(text: string): void } {
  const began = Date.now();
  let chapters = 0;
  return {
    chapter(title) {
      chapters += 1;
      console.log(`\n${chapters}. ${title}`);
    },
    line(text) {
      console.log(`${((Date.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${text}`);
    },
  };
}
