import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { closeSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { readMapFile } from "../../../src/archive/block-reader.ts";
import { createMapFileWriter } from "../../../src/archive/block-writer.ts";
import { runCommand } from "../../../src/archive/command/command.ts";
import {
  completeGeneration,
  createGeneration,
  type Generation,
  listGenerations,
  markVerified,
  removeInterrupted,
} from "../../../src/archive/generations.ts";
import { requireVerified } from "../../../src/archive/verify.ts";
import { claimVolume } from "../../../src/archive/volume.ts";
import { manifestOf } from "./manifest-fixture.ts";

/** Run by tests in a process, and where it needs one a file system, of its own. Prints what happened as JSON. */
const owner = { namespace: "demo", name: "orders" };
const standardValueBytes = 20_000;

/** One map of so many bytes, half of which cannot be compressed. */
async function writeMap({ directory, nonce }: Generation, bytes: number, valueBytes: number) {
  const path = "0000-0.entries";
  const writer = await createMapFileWriter(join(directory, path), { nonce, map: "prices" });
  try {
    const perBatch = Math.max(1, Math.floor(standardValueBytes / valueBytes));
    for (let at = 0; at < bytes; at += perBatch * valueBytes) {
      const batch = Buffer.alloc(perBatch * valueBytes);
      randomFillSync(batch, 0, batch.length / 2);
      const entries = Array.from({ length: perBatch }, (_, index) => {
        return {
          key: Buffer.from(`${at}-${index}`),
          value: batch.subarray(index * valueBytes, (index + 1) * valueBytes),
        };
      });
      await writer.add(entries);
    }
    return { path, ...(await writer.finish()) };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function saveOf(volume: string, bytes: number, valueBytes = standardValueBytes): Promise<void> {
  await claimVolume(volume, owner);
  const generation = await createGeneration(volume);
  const file = await writeMap(generation, bytes, valueBytes);
  const { number, nonce } = generation;
  const map = { name: "prices", kind: "user" as const, entries: file.entries, bytes: file.bytes, files: [file] };
  const manifest = manifestOf({ generation: { number, nonce }, maps: [map] });
  const digest = await completeGeneration(generation, manifest);
  await requireVerified(generation, manifest);
  await markVerified(generation, digest);
}

async function outcome(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return "done";
  } catch (error) {
    return error instanceof Error ? `${error.name} ${error.message}` : String(error);
  }
}

async function states(volume: string): Promise<string[]> {
  const found = await listGenerations(volume);
  return found.map(
    ({ number, content }) => `${number} ${content.kind} ${content.kind === "complete" && content.verified}`,
  );
}

/** A volume of 3 MB that cannot take what is saved, then has no room for a manifest. */
async function fullVolume(volume: string) {
  await saveOf(volume, 1_000_000);
  const tooLarge = await outcome(() => saveOf(volume, 20_000_000));
  const afterwards = await states(volume);
  const files = readdirSync(join(volume, readdirSync(volume).find((name) => name.startsWith("generation-2")) ?? ""));
  const generation = await createGeneration(volume);
  const rest = join(volume, "rest");
  await outcome(async () => fill(rest));
  const manifest = manifestOf({ generation: { number: generation.number, nonce: generation.nonce } });
  const noManifest = await outcome(() => completeGeneration(generation, manifest));
  const afterManifest = await states(volume);
  rmSync(rest);
  const removed = (await removeInterrupted(volume)).map(({ number }) => number);
  const again = await outcome(() => saveOf(volume, 1_000_000));
  return { tooLarge, afterwards, files, noManifest, afterManifest, removed, again, end: await states(volume) };
}

function fill(file: string): void {
  const handle = openSync(file, "w");
  try {
    for (let bytes = 65_536; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      try {
        for (;;) writeSync(handle, Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
  } finally {
    closeSync(handle);
  }
}

async function readOnlyVolume(volume: string) {
  await saveOf(volume, 1_000_000);
  execFileSync("mount", ["-o", "remount,ro", volume]);
  const save = await outcome(() => saveOf(volume, 1_000));
  const said: string[] = [];
  const output = { print: (text: string) => said.push(text), complain: (text: string) => said.push(text) };
  const verify = await runCommand(["verify", volume], output);
  return { save, verify, said, states: await states(volume) };
}

async function memory(volume: string, bytes: number, valueBytes: number) {
  await saveOf(volume, bytes, valueBytes);
  const [found] = await listGenerations(volume);
  const map = found?.content.kind === "complete" ? found.content.manifest.maps[0] : undefined;
  const file = map?.files[0];
  if (!found || !map || !file) throw new Error("nothing was saved");
  let entries = 0;
  const expected = { ...file, map: map.name, nonce: found.nonce };
  for await (const block of readMapFile(join(found.directory, file.path), expected)) entries += block.length;
  if (entries !== map.entries) throw new Error(`${entries} entries were read`);
  return { peakBytes: process.resourceUsage().maxRSS * 1_024 };
}

const [scenario = "", volume = "", bytes = "0", valueBytes = "0"] = process.argv.slice(2);
const scenarios: Record<string, () => Promise<unknown>> = {
  full: () => fullVolume(volume),
  readOnly: () => readOnlyVolume(volume),
  memory: () => memory(volume, Number(bytes), Number(valueBytes)),
};
const result = await scenarios[scenario]?.();
process.stdout.write(JSON.stringify(result));
