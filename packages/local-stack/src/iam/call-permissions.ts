import { AwsError, type AwsCall } from "../aws/services.ts";
import { localArn } from "../region.ts";
import type { CallContext } from "./conditions.ts";
import { dynamoDbCalls, type PartitionKeys } from "./dynamodb-permissions.ts";
import type { Call } from "./evaluate.ts";

/** What the permissions of a call depend on besides the call itself. */
export interface Inventory {
  partitionKey: PartitionKeys;
  /** ARN of a secret by its name or ARN; undefined if it does not exist. */
  secretArn(secretId: string): string | undefined;
}

type Permissions = (action: string, input: Record<string, unknown>, inventory: Inventory) => Call[];

const NOTHING: CallContext = () => undefined;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** A queue's ARN, derived from its URL `http://host/account/name`. */
function queueArn(input: Record<string, unknown>): string {
  const name = textOf(input["QueueUrl"]).split("/").at(-1) ?? "";
  return localArn("sqs", name === "" ? textOf(input["QueueName"]) : name);
}

const sqsCalls: Permissions = (action, input) => [
  {
    action: `sqs:${action.replace(/Batch$/, "")}`,
    resource: textOf(input["SourceArn"]) || (action === "ListQueues" ? "*" : queueArn(input)),
    context: NOTHING,
  },
];

/**
 * Stands for the random suffix of a secret that does not exist yet, so that policies for `prefix*` or `name-??????`
 * match.
 */
const NEW_SECRET_SUFFIX = "-xxxxxx";

const secretCalls: Permissions = (action, input, inventory) => {
  if (action === "ListSecrets" || action === "BatchGetSecretValue" || action === "GetRandomPassword") {
    return [{ action: `secretsmanager:${action}`, resource: "*", context: NOTHING }];
  }
  const id = textOf(input["SecretId"]);
  const name = textOf(input["Name"]);
  const unknown = id.startsWith("arn:")
    ? id
    : localArn("secretsmanager", `secret:${id || name}${NEW_SECRET_SUFFIX}`);
  const resource = inventory.secretArn(id) ?? unknown;
  const context: CallContext = (key) => (key === "secretsmanager:name" && name !== "" ? [name] : undefined);
  const calls = [{ action: `secretsmanager:${action}`, resource, context }];
  if (action === "CreateSecret" && Array.isArray(input["Tags"])) {
    calls.push({ action: "secretsmanager:TagResource", resource, context });
  }
  return calls;
};

function busArn(name: string): string {
  return name.startsWith("arn:") ? name : localArn("events", `event-bus/${name || "default"}`);
}

const eventCalls: Permissions = (action, input) => {
  const entries: unknown[] = Array.isArray(input["Entries"]) ? input["Entries"] : [];
  return entries.map((entry) => {
    const fields = typeof entry === "object" && entry !== null ? { ...entry } : {};
    const given: Record<string, unknown> = fields;
    const values: Readonly<Record<string, unknown>> = {
      "events:source": given["Source"],
      "events:detail-type": given["DetailType"],
    };
    const context: CallContext = (key) => (values[key] === undefined ? undefined : [textOf(values[key])]);
    return { action: `events:${action}`, resource: busArn(textOf(given["EventBusName"])), context };
  });
};

const BY_TARGET: Readonly<Record<string, Permissions>> = {
  DynamoDB_20120810: (action, input, inventory) => dynamoDbCalls(action, input, inventory.partitionKey),
  AmazonSQS: sqsCalls,
  secretsmanager: secretCalls,
  AWSEvents: eventCalls,
};

/** The permissions that a call with this `X-Amz-Target` needs. */
export function permissionsOf(call: AwsCall, inventory: Inventory): Call[] {
  const permissions = BY_TARGET[call.service];
  if (permissions === undefined) {
    throw new AwsError(
      "UnknownOperationException",
      `no local service answers ${call.service}.${call.action}`,
    );
  }
  return permissions(call.action, call.input, inventory);
}
