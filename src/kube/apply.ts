/** Paths, e.g. `["spec", "selector"]`, of maps and lists that are ours as a whole: an extra entry there is a difference. */
export type WholePaths = readonly (readonly string[])[];

/**
 * Would applying `desired` change `live`? Walks only what `desired` says: fields that others or defaults have added do
 * not count, except below the paths in `whole`, which must be exactly as desired.
 */
export declare function ownedFieldsDiffer(desired: object, live: object, whole?: WholePaths): boolean;
