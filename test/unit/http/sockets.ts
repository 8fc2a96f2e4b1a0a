import { connect, type Socket } from "node:net";

/** What came back on one connection until it was closed, or the time was over. */
export interface Exchange {
  readonly text: string;
  readonly closed: boolean;
}

/** Sends bytes as they are and collects the answer until the server closes the connection. */
export function exchange(port: number, bytes: string, waitMillis = 20_000): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let text = "";
    let timer: NodeJS.Timeout | undefined;
    const end = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    timer = setTimeout(() => end(false), waitMillis);
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => end(true));
    socket.on("close", () => end(true));
    socket.write(bytes, "latin1");
  });
}

/** A connection that says nothing. */
export function silent(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => resolve(socket));
    socket.once("connect", () => resolve(socket));
  });
}

export const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n`;

export const statusOf = ({ text }: Exchange) => text.slice(0, text.indexOf("\r\n"));
