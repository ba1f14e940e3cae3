import * as z from "zod";
import { noEffect } from "../../template/template.ts";
import { validationError } from "./attribute-value.ts";

export interface KeyAttribute {
  name: string;
  type: "S" | "N" | "B";
}
export interface Keys {
  hash: KeyAttribute;
  range: KeyAttribute | undefined;
}
export interface IndexDefinition {
  name: string;
  keys: Keys;
  projection: "ALL" | "KEYS_ONLY" | "INCLUDE";
  /** The attributes that `INCLUDE` adds to the keys. */
  included: readonly string[];
}
export type StreamView = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";
export interface TableDefinition {
  name: string;
  keys: Keys;
  indexes: readonly IndexDefinition[];
  streamView: StreamView | null;
  ttlAttribute: string | null;
}

const keyType = z.enum(["S", "N", "B"]);
const keySchema = z
  .array(z.object({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }))
  .min(1)
  .max(2);
const streamView = z.enum(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]);
const indexSchema = z.strictObject({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: z.enum(["ALL", "KEYS_ONLY", "INCLUDE"]),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
  ContributorInsightsSpecification: noEffect,
  OnDemandThroughput: noEffect,
  ProvisionedThroughput: noEffect,
});
const common = {
  TableName: z.string().regex(/^[a-zA-Z0-9_.-]{3,255}$/),
  KeySchema: keySchema,
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: keyType })),
  GlobalSecondaryIndexes: z.array(indexSchema).optional(),
  // These properties change nothing on a single machine.
  BillingMode: noEffect,
  ProvisionedThroughput: noEffect,
  OnDemandThroughput: noEffect,
  SSESpecification: noEffect,
  Tags: noEffect,
  TableClass: noEffect,
  DeletionProtectionEnabled: noEffect,
};

/** The properties of `AWS::DynamoDB::Table`. Any other is refused. */
export const templateSchema = z.strictObject({
  ...common,
  StreamSpecification: z.strictObject({ StreamViewType: streamView }).optional(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
  PointInTimeRecoverySpecification: noEffect,
  ContributorInsightsSpecification: noEffect,
});

/** The input of `CreateTable`. */
export const createTableSchema = z.strictObject({
  ...common,
  StreamSpecification: z
    .strictObject({ StreamEnabled: z.boolean(), StreamViewType: streamView.optional() })
    .optional(),
});

/** The properties that templates and the API have in common. */
type Parts = Pick<
  z.infer<typeof templateSchema>,
  "TableName" | "KeySchema" | "AttributeDefinitions" | "GlobalSecondaryIndexes"
>;

function readKeys(schema: z.infer<typeof keySchema>, types: ReadonlyMap<string, KeyAttribute["type"]>): Keys {
  const read = (kind: "HASH" | "RANGE"): KeyAttribute | undefined => {
    const name = schema.find((key) => key.KeyType === kind)?.AttributeName;
    if (name === undefined) return undefined;
    const type = types.get(name);
    if (type === undefined) {
      throw validationError(
        `One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [${name}], AttributeDefinitions: [${[...types.keys()].join(", ")}]`,
      );
    }
    return { name, type };
  };
  const hash = read("HASH");
  if (hash === undefined) {
    throw validationError("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  return { hash, range: read("RANGE") };
}

function checkDefinitions(parts: Parts, types: ReadonlyMap<string, unknown>): void {
  const schemas = [parts.KeySchema, ...(parts.GlobalSecondaryIndexes ?? []).map((index) => index.KeySchema)];
  const used = new Set(schemas.flatMap((schema) => schema.map((key) => key.AttributeName)));
  if (used.size !== types.size) {
    throw validationError(
      "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
    );
  }
}

/** A table's definition from the parts that template and API share. */
export function readDefinition(
  parts: Parts,
  stream: StreamView | null,
  ttlAttribute: string | null,
): TableDefinition {
  const types = new Map(parts.AttributeDefinitions.map((each) => [each.AttributeName, each.AttributeType]));
  const keys = readKeys(parts.KeySchema, types);
  const indexes = (parts.GlobalSecondaryIndexes ?? []).map((index) => ({
    name: index.IndexName,
    keys: readKeys(index.KeySchema, types),
    projection: index.Projection.ProjectionType,
    included: index.Projection.NonKeyAttributes ?? [],
  }));
  checkDefinitions(parts, types);
  return { name: parts.TableName, keys, indexes, streamView: stream, ttlAttribute };
}

/** Key attributes, partition key first. */
export function keyAttributes(keys: Keys): KeyAttribute[] {
  return keys.range === undefined ? [keys.hash] : [keys.hash, keys.range];
}
