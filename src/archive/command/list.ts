import type { VolumeOwner } from "../volume.ts";
import type { GenerationFacts } from "./facts.ts";
import { printable, sizeText, table } from "./text.ts";

const columns = ["GENERATION", "STATE", "CREATED", "ENGINE", "MEMBERS", "JOBS", "MAPS", "ENTRIES", "SIZE", "ON DISK"];

export function listText(owner: VolumeOwner | undefined, generations: readonly GenerationFacts[]): string {
  const whose = owner ? `Archives of ${printable(owner.namespace)}/${printable(owner.name)}` : "Nobody's volume yet";
  if (generations.length === 0) return `${whose}: none\n`;
  const problems = generations.flatMap(({ problem }) => (problem === undefined ? [] : [`${printable(problem)}\n`]));
  return `${whose}\n\n${table([columns, ...generations.map(row)])}${problems.length > 0 ? `\n${problems.join("")}` : ""}`;
}

function row({ number, state, content }: GenerationFacts): string[] {
  if (!content) return [String(number), state];
  const { createdAt, engineVersion, formedSize, jobs, maps, entries, bytes, storedBytes } = content;
  const counts = [formedSize, jobs, maps, entries].map(String);
  return [
    String(number),
    state,
    createdAt,
    printable(engineVersion),
    ...counts,
    sizeText(bytes),
    sizeText(storedBytes),
  ];
}
