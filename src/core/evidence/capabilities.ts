import { versionPattern } from "../../api/limits.ts";

/** What each engine version and edition can do. The one table that decides by version; everything else asks it. */
export interface Engine {
  /** `5.7.0`; also the tag of the public image. */
  readonly version: string;
  /** Hazelcast Platform 5.x with the Jet engine on, or stand-alone Jet 4.x. */
  readonly line: "platform" | "jet";
  readonly edition: "OpenSource" | "Enterprise";
  /** `/hazelcast/health/ready` tells whether a member has joined: from 5.2. Before, nothing but its own view does. */
  readonly readyEndpoint: boolean;
  /** One message lists jobs with names and status: from 5.2. */
  readonly jobSummaryList: boolean;
  /** A suspended job's protection can be switched off and on, which refreshes its quorum: from 5.3. */
  readonly jobConfigUpdate: boolean;
}

/** Taken where `spec.version` is absent, once, and kept in the ledger from then on. */
export const newestVersion = "5.7.0";

/** @throws RangeError for a version that the schema would have refused. */
export function engineOf(version: string, edition: Engine["edition"]): Engine {
  if (!new RegExp(versionPattern).test(version)) {
    throw new RangeError(`engine version "${version}": 4.5.x, or 5.2.x and newer are accepted`);
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const platform = major >= 5;
  return {
    version,
    line: platform ? "platform" : "jet",
    edition,
    readyEndpoint: platform && minor >= 2,
    jobSummaryList: platform && minor >= 2,
    jobConfigUpdate: platform && minor >= 3,
  };
}
