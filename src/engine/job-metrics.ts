import { type Measurement, readMetricsBlob } from "./metrics-blob.ts";
import { readerOf } from "./protocol/data.ts";
import { MalformedError } from "./protocol/errors.ts";

/** What one member measured in one round of collection. */
export interface MemberMeasurements {
  /** Milliseconds since the epoch, by the member's clock. */
  readonly collectedAt: number;
  readonly measurements: readonly Measurement[];
}

const metricsFactory = -10_003;
const blobClass = 1;
const arrayList = -29;
/** How 4.5.4 writes the empty list of a job that has not started yet. */
const javaObject = -100;
/** The engine's answer to "metrics of this job": a list of one compressed blob a member. @throws MalformedError */
export function readJobMetrics(data: Buffer): MemberMeasurements[] {
  const reader = readerOf(data);
  const type = reader.int();
  if (type === javaObject) return [];
  if (type !== arrayList) throw new MalformedError("a list of metrics expected");
  return Array.from({ length: reader.count(1) }, () => {
    if (!reader.identified(metricsFactory, blobClass)) throw new MalformedError("a member's metrics expected");
    const length = reader.int();
    const measurements = length === -1 ? [] : readMetricsBlob(reader.take(length));
    return { collectedAt: Number(reader.long()), measurements };
  });
}
