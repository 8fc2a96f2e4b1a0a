const newline = 0x0a;

/**
 * Cuts a stream of bytes into lines of text. A last line without an end is dropped: it is half an event.
 * @throws RangeError for a line longer than `limitBytes`, so that a server gone mad cannot fill our memory.
 */
export async function* lines(bytes: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      parts.push(chunk.subarray(from, at));
      yield Buffer.concat(parts).toString("utf8");
      parts = [];
      size = 0;
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    if (rest.length > 0) parts.push(rest);
    size += rest.length;
    if (size > limitBytes) throw new RangeError(`a line of more than ${limitBytes} bytes`);
  }
}
