import { MalformedError } from "./protocol/errors.ts";

/** Hazelcast Platform 5.x, as against stand-alone Jet 4.x; by what the member itself says when it lets us in. */
export function isPlatform(serverVersion: string): boolean {
  return atLeast(serverVersion, 5, 0);
}

/** @throws MalformedError for a version that is none. */
export function atLeast(serverVersion: string, major: number, minor: number): boolean {
  const found = /^(\d{1,3})\.(\d{1,3})(\.|-|$)/.exec(serverVersion);
  if (!found) throw new MalformedError("a server version that is none");
  const [foundMajor, foundMinor] = [Number(found[1]), Number(found[2])];
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

/** The line that job records are bound to: `5.7` of `5.7.0`. @throws MalformedError for a version that is none */
export function engineLine(version: string): string {
  const [, line] = /^(\d{1,3}\.\d{1,3})(\.|-|$)/.exec(version) ?? [];
  if (line === undefined) throw new MalformedError("a version that is none");
  return line;
}
