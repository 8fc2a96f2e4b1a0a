import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly rules?: readonly Rule[];
}

/** Objects of YAML with several documents. */
export function objectsIn(yaml: string): Manifest[] {
  return parseAllDocuments(yaml)
    .map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS() as Manifest | null;
    })
    .filter((object) => object !== null);
}

/** Of `manifests/`, which the real Helm has rendered (test/integration/chart proves that they are current). */
export const readManifests = (file: "install" | "install-namespaced") =>
  objectsIn(readFileSync(join(import.meta.dirname, "../../../manifests", `${file}.yaml`), "utf8"));

export const ofKind = (objects: readonly Manifest[], kind: string) => objects.filter((object) => object.kind === kind);
