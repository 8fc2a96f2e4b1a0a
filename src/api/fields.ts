import { z } from "zod";
import { quantityPattern } from "./limits.ts";

/** Kinds of fields that occur in many places, each with its bounds: rules of the API server are priced by them. */

/** A rule that the API server evaluates on every write (CEL). `fieldPath` points below the field that carries it. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly reason?: "FieldValueInvalid" | "FieldValueForbidden" | "FieldValueRequired";
  readonly fieldPath?: string;
}

/** Metadata that attaches rules to a schema. */
export const rules = (...list: readonly Rule[]) => ({ "x-kubernetes-validations": list });

/** Metadata of a list whose items are told apart by `keys`: two managers can own different items of it. */
export const listMap = (...keys: readonly string[]) => ({
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
});

export const listSet = { "x-kubernetes-list-type": "set" } as const;
/** Replaced as a whole. */
export const atomic = { "x-kubernetes-list-type": "atomic" } as const;

/** A text of 1 to `max` characters. */
export const text = (max: number, pattern?: string) => {
  const bounded = z.string().min(1).max(max);
  return pattern === undefined ? bounded : bounded.regex(new RegExp(pattern));
};

/** Name of an object in the namespace of the cluster. */
export const objectName = () => text(253, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$");

/** Key of a Secret or ConfigMap. */
export const dataKey = () => text(253, "^[-._a-zA-Z0-9]+$");

const qualifiedName = "([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]";
const labelKeyPattern = `^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?${qualifiedName}$`;
/** `example.com/name` or `name`. */
export const labelKey = () => text(317, labelKeyPattern);
export const labelValue = () =>
  z
    .string()
    .max(63)
    .regex(new RegExp(`^(${qualifiedName})?$`));

/** A schema cannot give a pattern to the keys of a map, a rule can. */
export const keysMatch = (pattern: string, what: string): Rule => ({
  rule: `self.all(key, key.matches(r'${pattern}'))`,
  message: `every key must be ${what}`,
});
const labelKeys = keysMatch(
  labelKeyPattern,
  'a name of at most 63 letters, digits, "-", "_" and ".", with or without a DNS name and "/" before it',
);

export const labelMap = (description: string, ...more: readonly Rule[]) =>
  z.record(z.string(), labelValue()).meta({ maxProperties: 64, description, ...rules(labelKeys, ...more) });

export const annotationMap = (description: string, ...more: readonly Rule[]) =>
  z.record(z.string(), z.string().max(16_384)).meta({ maxProperties: 64, description, ...rules(labelKeys, ...more) });

/** An amount as Kubernetes writes it: `10Gi`, `500m`, `2`. */
export const quantity = () =>
  z
    .union([z.int(), text(40, quantityPattern)])
    .meta({ "x-kubernetes-int-or-string": true, maxLength: 40, pattern: quantityPattern });

/** A quantity above zero. */
export const positiveQuantity = (description: string) =>
  quantity().meta({
    description,
    ...rules({ rule: "quantity(string(self)).isGreaterThan(quantity('0'))", message: "must be larger than 0" }),
  });

const notNegative = {
  rule: "self.all(key, !quantity(string(self[key])).isLessThan(quantity('0')))",
  message: "no amount may be below 0",
};

/** Amounts of compute resources by name: `cpu`, `memory`, `ephemeral-storage`, `example.com/device`. */
export const resourceList = (description: string) =>
  z.record(z.string(), quantity()).meta({ maxProperties: 16, description, ...rules(labelKeys, notNegative) });

const requirement = z.object({
  key: labelKey().describe("Label that the requirement is about."),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).describe("How the label's value relates to `values`."),
  values: z
    .array(labelValue())
    .max(32)
    .meta({ ...atomic, description: "At least one value for In and NotIn; none for Exists and DoesNotExist." })
    .exactOptional(),
});

/** A label selector of Kubernetes; one without any requirement selects everything. */
export const labelSelector = (description: string) =>
  z
    .object({
      matchLabels: labelMap("Labels that must have exactly these values.").exactOptional(),
      matchExpressions: z
        .array(
          requirement.meta(
            rules({
              rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
              message: "In and NotIn need values; Exists and DoesNotExist must not have any",
            }),
          ),
        )
        .max(16)
        .meta({ ...atomic, description: "Further requirements, all of which must hold." })
        .exactOptional(),
    })
    .meta({ description, "x-kubernetes-map-type": "atomic" });
