import manifest from "../../package.json" with { type: "json" };

/** The operator's own version. */
export const operatorVersion: string = manifest.version;
