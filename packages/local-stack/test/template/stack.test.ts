import { describe, expect, it } from "vitest";
import * as z from "zod";
import { UnknownTemplateError } from "../../src/errors.ts";
import { readStack, type Stack } from "../../src/template/stack.ts";
import { parseTemplate, type Json } from "../../src/template/template.ts";

const SOURCES = {
  stackName: "S",
  awsEndpointUrl: () => "http://127.0.0.1:1",
  apiUrl: () => "http://127.0.0.1:2",
  streamArn: (logicalId: string) => `stream-of-${logicalId}`,
};

/** A role whose description is the value under test. */
function describing(value: Json, more: Record<string, unknown> = {}): Stack {
  const Resources = {
    Role: { Type: "AWS::IAM::Role", Properties: { Description: value } },
    Table: { Type: "AWS::DynamoDB::Table" },
    Queue: { Type: "AWS::SQS::Queue", Properties: { FifoQueue: true } },
    Named: { Type: "AWS::SQS::Queue", Properties: { QueueName: { "Fn::Sub": "${AWS::StackName}-own" } } },
    Api: { Type: "AWS::ApiGatewayV2::Api" },
  };
  return readStack(parseTemplate("S", { Resources, ...more }), SOURCES);
}

function resolved(value: Json, more: Record<string, unknown> = {}): unknown {
  const schema = z.looseObject({ Description: z.unknown() });
  return describing(value, more).resources("AWS::IAM::Role", schema)[0]?.properties.Description;
}

describe("intrinsics", () => {
  it.each<[string, Json, unknown]>([
    ["Ref of a table", { Ref: "Table" }, "S-Table"],
    ["Ref of a FIFO queue", { Ref: "Queue" }, "http://127.0.0.1:1/000000000000/S-Queue.fifo"],
    ["a queue's own name", { "Fn::GetAtt": ["Named", "QueueName"] }, "S-own"],
    ["GetAtt as text", { "Fn::GetAtt": "Queue.Arn" }, "arn:aws:sqs:us-east-1:000000000000:S-Queue.fifo"],
    ["a stream", { "Fn::GetAtt": ["Table", "StreamArn"] }, "stream-of-Table"],
    ["the API's address", { "Fn::GetAtt": ["Api", "ApiEndpoint"] }, "http://127.0.0.1:2"],
    ["pseudo parameters", { Ref: "AWS::Region" }, "us-east-1"],
    ["Join", { "Fn::Join": ["-", ["a", { Ref: "AWS::Partition" }, 1]] }, "a-aws-1"],
    [
      "Sub",
      { "Fn::Sub": "${Table}/${Table.Arn}/${!Literal}" },
      "S-Table/arn:aws:dynamodb:us-east-1:000000000000:table/S-Table/${Literal}",
    ],
    ["Sub with variables", { "Fn::Sub": ["${x}!", { x: { Ref: "Table" } }] }, "S-Table!"],
    ["Select and Split", { "Fn::Select": [1, { "Fn::Split": [",", "a,b"] }] }, "b"],
    ["a parameter's default", { Ref: "Size" }, "small"],
    ["FindInMap", { "Fn::FindInMap": ["Sizes", { Ref: "Size" }, "mb"] }, 128],
    ["If", { "Fn::If": ["IsSmall", "yes", "no"] }, "yes"],
    ["If that negates", { "Fn::If": ["IsNotSmall", "yes", "no"] }, "no"],
    ["NoValue in a list", [{ "Fn::If": ["IsNotSmall", "yes", { Ref: "AWS::NoValue" }] }, "x"], ["x"]],
    ["NoValue in an object", { a: { Ref: "AWS::NoValue" }, b: 1 }, { b: 1 }],
  ])("are resolved: %s", (_, value, expected) => {
    const more = {
      Parameters: { Size: { Type: "String", Default: "small" } },
      Mappings: { Sizes: { small: { mb: 128 } } },
      Conditions: {
        IsSmall: { "Fn::Equals": [{ Ref: "Size" }, "small"] },
        IsNotSmall: { "Fn::Not": [{ Condition: "IsSmall" }] },
      },
    };
    expect(resolved(value, more)).toEqual(expected);
  });

  it.each<[string, Json, string]>([
    ["an intrinsic", { "Fn::ImportValue": "x" }, "Role (AWS::IAM::Role): intrinsic Fn::ImportValue"],
    ["a reference", { Ref: "Nothing" }, "Role (AWS::IAM::Role): Ref to Nothing"],
    ["an attribute", { "Fn::GetAtt": ["Queue", "Colour"] }, "Queue (AWS::SQS::Queue): attribute Colour"],
    ["a pseudo parameter", { Ref: "AWS::NotificationARNs" }, "pseudo parameter AWS::NotificationARNs"],
    ["a condition", { "Fn::If": ["Unheard", 1, 2] }, "condition Unheard"],
  ])("are refused by name if they are unknown: %s", (_, value, message) => {
    const attempt = (): unknown => resolved(value);
    expect(attempt).toThrow(UnknownTemplateError);
    expect(attempt).toThrow(message);
  });
});

describe("resources", () => {
  it("are refused by name if their type is unknown", () => {
    const template = parseTemplate("S", { Resources: { Pool: { Type: "AWS::Cognito::UserPool" } } });
    expect(() => readStack(template, SOURCES)).toThrow(
      "Pool: resource type AWS::Cognito::UserPool, which the local stack does not support",
    );
  });

  it("are refused by name if they have an unknown property", () => {
    const stack = describing("x");
    expect(() => stack.resources("AWS::IAM::Role", z.strictObject({}))).toThrow(
      /Role \(AWS::IAM::Role\): property .*Description/,
    );
  });

  it("are left out if their condition is false", () => {
    const template = parseTemplate("S", {
      Conditions: { Never: { "Fn::Equals": ["a", "b"] } },
      Resources: { Queue: { Type: "AWS::SQS::Queue", Condition: "Never" } },
    });
    expect(readStack(template, SOURCES).idsOf("AWS::SQS::Queue")).toEqual([]);
  });

  it("are refused in a template with an unknown section", () => {
    expect(() => parseTemplate("S", { Resources: {}, Transform: "AWS::Serverless-2016-10-31" })).toThrow(
      "Transform",
    );
  });
});
