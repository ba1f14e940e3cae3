import { localArn } from "../region.ts";
import type { CallContext } from "./conditions.ts";
import type { Call } from "./evaluate.ts";

type Input = Record<string, unknown>;
/** Returns the name of a table's partition key. */
export type PartitionKeys = (table: string) => string | undefined;

const isRecord = (value: unknown): value is Input =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const recordOf = (value: unknown): Input => (isRecord(value) ? value : {});
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

export function tableArn(name: string): string {
  return name.startsWith("arn:") ? name : localArn("dynamodb", `table/${name}`);
}

const tableName = (name: string): string => name.split("/").at(-1) ?? name;

/** The single value of an attribute as text: `{ "S": "ws_1" }` becomes `ws_1`. */
function valueOf(attribute: unknown): string | undefined {
  const value = Object.values(recordOf(attribute))[0];
  return value === undefined ? undefined : String(value);
}

/** The partition key values that one request names. In a query they are part of the condition. */
function leadingKeys(table: string, input: Input, partitionKeys: PartitionKeys): string[] {
  const name = partitionKeys(tableName(table));
  if (name === undefined) return [];
  const item = recordOf(input["Item"] ?? input["Key"]);
  const direct = valueOf(item[name]);
  if (direct !== undefined) return [direct];
  const names = recordOf(input["ExpressionAttributeNames"]);
  const equality = /(#?[\w.-]+)\s*=\s*(:\w+)/g;
  for (const [, left = "", right = ""] of textOf(input["KeyConditionExpression"]).matchAll(equality)) {
    if ((names[left] ?? left) !== name) continue;
    const value = valueOf(recordOf(input["ExpressionAttributeValues"])[right]);
    if (value !== undefined) return [value];
  }
  return [];
}

const RESERVED = new Set(
  "AND OR NOT BETWEEN IN SET REMOVE ADD DELETE attribute_exists attribute_not_exists attribute_type begins_with contains size if_not_exists list_append".split(
    " ",
  ),
);

/** The top-level attributes that a request names, in items, keys and expressions. */
function attributes(input: Input): string[] {
  const found = new Set([...Object.keys(recordOf(input["Item"])), ...Object.keys(recordOf(input["Key"]))]);
  const names = recordOf(input["ExpressionAttributeNames"]);
  for (const [property, expression] of Object.entries(input)) {
    if (!property.endsWith("Expression") || typeof expression !== "string") continue;
    for (const [token] of expression.matchAll(/(?<![\w.:#-])#?[A-Za-z_][\w-]*/g)) {
      if (!RESERVED.has(token)) found.add(textOf(names[token] ?? token));
    }
  }
  return [...found];
}

const one = (value: unknown): string[] | undefined => (typeof value === "string" ? [value] : undefined);

function contextOf(
  table: string,
  input: Input,
  partitionKeys: PartitionKeys,
  enclosing?: string,
): CallContext {
  const keys: Readonly<Record<string, () => string[] | undefined>> = {
    "dynamodb:leadingkeys": () => leadingKeys(table, input, partitionKeys),
    "dynamodb:attributes": () => attributes(input),
    "dynamodb:select": () => one(input["Select"]),
    "dynamodb:returnvalues": () => one(input["ReturnValues"]),
    "dynamodb:enclosingoperation": () => one(enclosing),
  };
  return (key) => keys[key]?.();
}

/** The permissions for the parts of a transaction. */
const TRANSACTION_ACTIONS: Readonly<Record<string, string>> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
  Get: "GetItem",
};

function transactionCalls(action: string, input: Input, partitionKeys: PartitionKeys): Call[] {
  const items = Array.isArray(input["TransactItems"]) ? input["TransactItems"] : [];
  return items.flatMap((item) =>
    Object.entries(recordOf(item)).map(([kind, part]) => {
      const table = textOf(recordOf(part)["TableName"]);
      return {
        action: `dynamodb:${TRANSACTION_ACTIONS[kind] ?? kind}`,
        resource: tableArn(table),
        context: contextOf(table, recordOf(part), partitionKeys, action),
      };
    }),
  );
}

/** The requests of a batch, each of which is checked against conditions. */
function batchParts(requests: unknown): Input[] {
  if (Array.isArray(requests))
    return requests.flatMap((request) => Object.values(recordOf(request)).map(recordOf));
  const keys = recordOf(requests)["Keys"];
  const others = recordOf(requests);
  return Array.isArray(keys) ? keys.map((key) => ({ ...others, Key: recordOf(key) })) : [];
}

function batchCalls(action: string, input: Input, partitionKeys: PartitionKeys): Call[] {
  return Object.entries(recordOf(input["RequestItems"])).map(([table, requests]) => {
    const contexts = batchParts(requests).map((part) => contextOf(table, part, partitionKeys));
    const context: CallContext = (key) => {
      const values = new Set(contexts.flatMap((part) => part(key) ?? []));
      return values.size === 0 ? undefined : [...values];
    };
    return { action: `dynamodb:${action}`, resource: tableArn(table), context };
  });
}

/** The permissions that DynamoDB requires for a call. */
export function dynamoDbCalls(action: string, input: Input, partitionKeys: PartitionKeys): Call[] {
  if (action.startsWith("Transact")) return transactionCalls(action, input, partitionKeys);
  if (action.startsWith("Batch")) return batchCalls(action, input, partitionKeys);
  const table = textOf(input["TableName"]);
  if (table === "") return [{ action: `dynamodb:${action}`, resource: "*", context: () => undefined }];
  const index = textOf(input["IndexName"]);
  const resource = index === "" ? tableArn(table) : `${tableArn(table)}/index/${index}`;
  return [{ action: `dynamodb:${action}`, resource, context: contextOf(table, input, partitionKeys) }];
}
