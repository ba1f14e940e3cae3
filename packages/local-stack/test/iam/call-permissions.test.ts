import { describe, expect, it } from "vitest";
import { permissionsOf } from "../../src/iam/call-permissions.ts";

const INVENTORY = {
  partitionKey: () => "pk",
  secretArn: (id: string) =>
    id === "p/known" ? "arn:aws:secretsmanager:us-east-1:000000000000:secret:p/known-a1b2c3" : undefined,
};
const ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/";

const asked = (service: string, action: string, input: Record<string, unknown>): string[] =>
  permissionsOf({ service, action, input }, INVENTORY).map((call) => `${call.action} ${call.resource}`);

describe("the permissions of a call", () => {
  it.each<[string, string, Record<string, unknown>, string[]]>([
    ["DynamoDB_20120810", "GetItem", { TableName: "T" }, [`dynamodb:GetItem ${ARN}T`]],
    [
      "DynamoDB_20120810",
      "Query",
      { TableName: "T", IndexName: "due" },
      [`dynamodb:Query ${ARN}T/index/due`],
    ],
    [
      "DynamoDB_20120810",
      "BatchGetItem",
      { RequestItems: { A: { Keys: [] }, B: { Keys: [] } } },
      [`dynamodb:BatchGetItem ${ARN}A`, `dynamodb:BatchGetItem ${ARN}B`],
    ],
    [
      "DynamoDB_20120810",
      "TransactWriteItems",
      { TransactItems: [{ Put: { TableName: "A" } }, { ConditionCheck: { TableName: "B" } }] },
      [`dynamodb:PutItem ${ARN}A`, `dynamodb:ConditionCheckItem ${ARN}B`],
    ],
    [
      "AmazonSQS",
      "SendMessageBatch",
      { QueueUrl: "http://127.0.0.1:1/0/q.fifo" },
      ["sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:q.fifo"],
    ],
    [
      "secretsmanager",
      "GetSecretValue",
      { SecretId: "p/known" },
      ["secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:000000000000:secret:p/known-a1b2c3"],
    ],
    [
      "secretsmanager",
      "CreateSecret",
      { Name: "p/new", Tags: [] },
      ["CreateSecret", "TagResource"].map(
        (action) =>
          `secretsmanager:${action} arn:aws:secretsmanager:us-east-1:000000000000:secret:p/new-xxxxxx`,
      ),
    ],
    [
      "AWSEvents",
      "PutEvents",
      { Entries: [{ EventBusName: "b" }] },
      ["events:PutEvents arn:aws:events:us-east-1:000000000000:event-bus/b"],
    ],
  ])("of %s %s for %j", (service, action, input, expected) => {
    expect(asked(service, action, input)).toEqual(expected);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ["PutItem", { Item: { pk: { S: "ws_1" } } }, ["ws_1"]],
    ["GetItem", { Key: { pk: { S: "ws_2" }, sk: { S: "x" } } }, ["ws_2"]],
    [
      "Query",
      {
        KeyConditionExpression: "#p = :p AND sk > :s",
        ExpressionAttributeNames: { "#p": "pk" },
        ExpressionAttributeValues: { ":p": { S: "ws_3" }, ":s": { S: "a" } },
      },
      ["ws_3"],
    ],
  ])("of %s include its partition keys", (action, input, expected) => {
    const [call] = permissionsOf(
      { service: "DynamoDB_20120810", action, input: { TableName: "T", ...input } },
      INVENTORY,
    );
    expect(call?.context("dynamodb:leadingkeys")).toEqual(expected);
  });

  it("depend on the attributes in its expressions", () => {
    const input = {
      TableName: "T",
      Key: { pk: { S: "a" } },
      UpdateExpression: "SET #v = if_not_exists(#v, :zero), plain.inner = :x",
      ExpressionAttributeNames: { "#v": "version" },
    };
    const [call] = permissionsOf({ service: "DynamoDB_20120810", action: "UpdateItem", input }, INVENTORY);
    expect(call?.context("dynamodb:attributes")?.toSorted()).toEqual(["pk", "plain", "version"]);
  });
});
