import type { Server as HttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { serveClient } from "./client-protocol.ts";
import { obey, prepare } from "./commands.ts";
import type { Member } from "./member.ts";
import { accept, admit, type Pong, release } from "./membership.ts";
import { peerGreeting, type Question, serve } from "./peers.ts";

/** One port for all, as the engine has it: the first three characters say which protocol follows. */
export async function listen(member: Member, rest: HttpServer, shutdown: () => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    greet(socket, (greeting) => {
      if (greeting === peerGreeting) {
        serve(socket, (question) => answerPeer(member, question, shutdown));
        return;
      }
      socket.unshift(Buffer.from(greeting));
      if (greeting === "CP2") serveClient(member, socket);
      else rest.emit("connection", socket);
    });
  });
  const { host, port } = member.configuration;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

/** Reads three bytes and no more. */
function greet(socket: Socket, then: (greeting: string) => void): void {
  const look = () => {
    const bytes: Buffer | null = socket.read(3);
    if (bytes === null) return;
    socket.off("readable", look);
    if (bytes.length < 3) return void socket.destroy();
    then(bytes.toString("latin1"));
  };
  socket.on("readable", look);
}

async function answerPeer(member: Member, question: Question, shutdown: () => void): Promise<unknown> {
  switch (question.kind) {
    case "hello":
      return member.hello();
    case "join":
      return admit(member, question.joiner);
    case "facts":
      return accept(member, question.facts);
    case "ping":
      return { boot: member.boot, joined: member.isJoined } satisfies Pong;
    case "leave":
      return release(member, question.uuid);
    case "prepare":
      return prepare(member, question.to);
    case "shares":
      return member.shares;
    case "command":
      return obey(member, question.command);
    case "shutdown":
      return shutdown();
    default:
      return question satisfies never;
  }
}
