import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import type { MemberAddress } from "../../../src/engine/addresses.ts";

/** Lets so many bytes a second through, in all directions of all its streams together. */
class Throttle extends Transform {
  readonly #millisPerByte: number;

  constructor(bytesPerSecond: number) {
    super();
    this.#millisPerByte = 1_000 / bytesPerSecond;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    setTimeout(() => done(null, chunk), chunk.length * this.#millisPerByte);
  }
}

/** A member's port at another address, which takes no more than so many bytes a second from each connection. */
export async function narrowLine(to: MemberAddress, host: string, bytesPerSecond: number) {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const member = connect({ host: to.host, port: to.port, noDelay: true });
    for (const [socket, other] of [
      [client, member],
      [member, client],
    ] as const) {
      open.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
    client.pipe(new Throttle(bytesPerSecond)).pipe(member);
    member.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(to.port, host, resolve));
  return {
    address: { host, port: to.port },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
