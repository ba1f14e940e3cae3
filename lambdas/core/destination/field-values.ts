import type * as z from "zod/mini";
import { mapEach, namesOf, partOfEach } from "../base/map-each.ts";
import {
  type DestinationField,
  rowFields,
  type RowFieldName,
  secretFields,
  type SecretFieldName,
} from "./destination-fields.ts";
import { requireOwnHeader } from "./auth-field.ts";
import type { ChangeEffect, RowField, SecretField, Surroundings } from "./field-kind.ts";

type RowTable = typeof rowFields;
type SecretTable = typeof secretFields;

/** What the row keeps of a destination's fields. */
export type RowValues = { [Name in RowFieldName]: z.output<RowTable[Name]["row"]> };
/** What the secret keeps. */
export type SecretValues = { [Name in SecretFieldName]: z.output<SecretTable[Name]["secret"]> };
/** What the row keeps of the secret's values. */
type Traces = { [Name in SecretFieldName]: z.output<SecretTable[Name]["row"]> };
/** By the attribute of the row. */
type TraceAttributes<Values extends Record<SecretFieldName, unknown> = Traces> = {
  [Name in SecretFieldName as SecretTable[Name]["attribute"]]: Values[Name];
};
/** What the row keeps of all fields. */
export type RowFields = RowValues & TraceAttributes;
/** What a change may ask for; `null` goes back to the default. */
type RowChange = { [Name in RowFieldName]?: RowValues[Name] | null | undefined };
type SecretChanges = { [Name in SecretFieldName]: NonNullable<z.output<SecretTable[Name]["change"]>> };
type SecretChange = { [Name in SecretFieldName]?: SecretChanges[Name] | null | undefined };
type SecretAnswers = { [Name in SecretFieldName]: z.output<SecretTable[Name]["answer"]> };

// The tables once more, with types in which a field's name leads to the types of its values.
const rowRules: { [Name in RowFieldName]: RowField<RowValues[Name]> } = rowFields;
const secretRules: {
  [Name in SecretFieldName]: SecretField<
    SecretValues[Name],
    SecretChanges[Name],
    Traces[Name],
    SecretAnswers[Name]
  >;
} = secretFields;

/** Throws `RefusedError` for the first value that is not allowed. */
export function acceptRowValues(posted: RowValues, surroundings: Surroundings): RowValues {
  return mapEach<RowValues>(rowFields, (name) => rowRules[name].accept(posted[name], surroundings));
}

/** Throws `RefusedError` for the first value that is not allowed. */
export function acceptSecretValues(posted: SecretValues): SecretValues {
  const values = mapEach<SecretValues>(secretFields, (name) => secretRules[name].accept(posted[name]));
  requireOwnHeader(values);
  return values;
}

/** What the row keeps after a change. Throws `RefusedError`. */
export function changeRowValues(row: RowValues, change: RowChange, surroundings: Surroundings): RowValues {
  return mapEach<RowValues>(rowFields, (name) => {
    const { accept, fallback, isSame } = rowRules[name];
    const asked = change[name] === null ? fallback : change[name];
    if (asked === undefined) return row[name];
    const accepted = accept(asked, surroundings);
    return isSame(row[name], accepted) ? row[name] : accepted;
  });
}

/** What the secret keeps after a change. Throws `RefusedError`. */
export function changeSecretValues(current: SecretValues, change: SecretChange): SecretValues {
  const values = mapEach<SecretValues>(secretFields, (name) => {
    const { accept, fallback, merge } = secretRules[name];
    const asked = change[name];
    if (asked === undefined) return current[name];
    return accept(asked === null ? fallback : merge(current[name], asked));
  });
  requireOwnHeader(values);
  return values;
}

/** Write-only values that a change leaves as they are, as a request names them. */
export function keptSecretValues(row: RowFields, change: SecretChange): string[] {
  const kept = mapEach<Record<SecretFieldName, string[]>>(secretFields, (name) => {
    const { attribute, keeps } = secretRules[name];
    return keeps(Reflect.get(row, attribute), change[name]);
  });
  return Object.values(kept).flat();
}

/** The fields that a change changes: those of the row that come out otherwise, and each write-only field that it names. */
export function changedFields(before: RowValues, next: RowValues, change: SecretChange): DestinationField[] {
  return [
    ...namesOf(rowRules).filter((name) => differs(name, before, next)),
    ...namesOf(secretRules).filter((name) => change[name] !== undefined),
  ];
}

export function isSecretField(name: DestinationField): name is SecretFieldName {
  return name in secretRules;
}

function differs<Name extends RowFieldName>(name: Name, before: RowValues, next: RowValues): boolean {
  return !rowRules[name].isSame(before[name], next[name]);
}

/** What a change of these fields does to deliveries: the strongest of their effects. */
export function effectOf(changed: readonly DestinationField[]): ChangeEffect {
  const rules = { ...rowRules, ...secretRules };
  const effects = new Set(changed.map((name) => rules[name].onChange));
  if (effects.has("supersede")) return "supersede";
  return effects.has("retry") ? "retry" : "none";
}

/** The values that the audit event of a creation holds. */
export function auditedValues(row: RowFields): Record<string, unknown> {
  const audited = namesOf(rowRules).filter((name) => rowRules[name].audited);
  return { ...Object.fromEntries(audited.map((name) => [name, row[name]])), ...auditedSecrets(row) };
}

/** What an audit event holds of these write-only fields. */
export function auditedSecrets(
  row: TraceAttributes,
  names: readonly DestinationField[] = namesOf(secretRules),
): Record<string, unknown> {
  return Object.fromEntries(
    names.filter(isSecretField).flatMap((name) => {
      const { attribute, audit } = secretRules[name];
      return audit === undefined ? [] : [[name, audit(Reflect.get(row, attribute))]];
    }),
  );
}

const rowSchemas = partOfEach(secretFields, "row");

/** Schemas of the row's attributes for what may be shown of write-only fields. */
export const traceSchemas: TraceAttributes<{ [Name in SecretFieldName]: SecretTable[Name]["row"] }> =
  byAttribute((name) => rowSchemas[name]);

/** What the row keeps of the secret's values. */
export function tracesOf(secret: SecretValues): TraceAttributes {
  return byAttribute<Traces>((name) => secretRules[name].traceOf(secret[name]));
}

/** What answers show of a destination's fields. */
export function shownFields(row: RowFields): RowValues & SecretAnswers {
  return {
    ...mapEach<RowValues>(rowFields, (name) => row[name]),
    ...mapEach<SecretAnswers>(secretFields, (name) => {
      const { attribute, show } = secretRules[name];
      return show(Reflect.get(row, attribute));
    }),
  };
}

/** The fields of an example of an answer. */
export function exampleFields(): RowValues & SecretAnswers {
  return {
    ...mapEach<RowValues>(rowFields, (name) => rowRules[name].example),
    ...mapEach<SecretAnswers>(secretFields, (name) => secretRules[name].show(secretRules[name].example)),
  };
}

function byAttribute<Values extends Record<SecretFieldName, unknown>>(
  make: <Name extends SecretFieldName>(name: Name) => Values[Name],
): TraceAttributes<Values> {
  const parts = namesOf(secretFields).map((name) => ({ [secretFields[name].attribute]: make(name) }));
  return Object.assign({}, ...parts);
}
