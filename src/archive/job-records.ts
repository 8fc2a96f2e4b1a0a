import { type ExecutionRecord, readExecutionRecord } from "../engine/job-data.ts";
import { type JobId, jobIdOf } from "../engine/job-id.ts";
import type { RawEntry } from "../engine/maps.ts";
import { readLong } from "../engine/protocol/data.ts";

/** Keys of the engine's maps of records. @throws MalformedError */
export function jobIdsOf(entries: readonly RawEntry[]): JobId[] {
  return entries.map(({ key }) => jobIdOf(readLong(key)));
}

/** @throws MalformedError */
export function executionRecordsOf(entries: readonly RawEntry[]): ReadonlyMap<JobId, ExecutionRecord> {
  return new Map(entries.map(({ key, value }) => [jobIdOf(readLong(key)), readExecutionRecord(value)]));
}
