import { describe, expect, it } from "vitest";
import { UnknownTemplateError } from "../../src/errors.ts";
import { evaluate, type Caller } from "../../src/iam/evaluate.ts";
import { parsePolicy } from "../../src/iam/policy.ts";
import type { Json } from "../../src/template/template.ts";

const ROLE: Caller = { kind: "role", arn: "arn:aws:iam::000000000000:role/r", account: "000000000000" };
const TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/T";

interface Question {
  action?: string;
  resource?: string;
  context?: Record<string, string[]>;
  caller?: Caller;
}

function verdict(statements: Json, question: Question = {}): string {
  return evaluate(parsePolicy("P", { Statement: statements }), question.caller ?? ROLE, {
    action: question.action ?? "dynamodb:GetItem",
    resource: question.resource ?? TABLE,
    context: (key) => question.context?.[key],
  });
}

const allow = (more: Record<string, Json> = {}): Json => ({
  Effect: "Allow",
  Action: "dynamodb:GetItem",
  Resource: TABLE,
  ...more,
});

describe("actions and resources", () => {
  it.each<[string, Json, Question, string]>([
    ["what is named", allow(), {}, "allowed"],
    ["another action", allow(), { action: "dynamodb:PutItem" }, "not-allowed"],
    ["another resource", allow(), { resource: `${TABLE}2` }, "not-allowed"],
    ["an index of a table that is named alone", allow(), { resource: `${TABLE}/index/due` }, "not-allowed"],
    [
      "an index by wildcard",
      allow({ Resource: `${TABLE}/index/*` }),
      { resource: `${TABLE}/index/due` },
      "allowed",
    ],
    ["actions by wildcard, whatever their case", allow({ Action: "DynamoDB:get*" }), {}, "allowed"],
    ["resources in another case", allow({ Resource: TABLE.toLowerCase() }), {}, "not-allowed"],
    ["one of several", allow({ Action: ["sqs:*", "dynamodb:GetItem"] }), {}, "allowed"],
    ["everything but", { Effect: "Allow", NotAction: "dynamodb:Delete*", Resource: "*" }, {}, "allowed"],
    [
      "what is left out of everything",
      { Effect: "Allow", NotAction: "dynamodb:Delete*", Resource: "*" },
      { action: "dynamodb:DeleteItem" },
      "not-allowed",
    ],
    ["other resources than", { Effect: "Allow", Action: "*", NotResource: TABLE }, {}, "not-allowed"],
    [
      "a secret by the six characters of its ARN",
      allow({
        Action: "secretsmanager:GetSecretValue",
        Resource: "arn:aws:secretsmanager:us-east-1:000000000000:secret:p/x-??????",
      }),
      {
        action: "secretsmanager:GetSecretValue",
        resource: "arn:aws:secretsmanager:us-east-1:000000000000:secret:p/x-AbCdEf",
      },
      "allowed",
    ],
    ["a denial before an allowance", [{ Effect: "Deny", Action: "*", Resource: "*" }, allow()], {}, "denied"],
    ["a denial after an allowance", [allow(), { Effect: "Deny", Action: "*", Resource: "*" }], {}, "denied"],
    [
      "a pattern of regular expressions, literally",
      allow({ Resource: TABLE.replace("/T", "/.") }),
      {},
      "not-allowed",
    ],
  ])("match: %s", (_, statements, question, expected) => {
    expect(verdict(statements, question)).toBe(expected);
  });
});

describe("conditions", () => {
  const when = (operator: string, key: string, value: Json): Json =>
    allow({ Condition: { [operator]: { [key]: value } } });
  const LEADING = "dynamodb:LeadingKeys";
  it.each<[string, Json, Record<string, string[]>, string]>([
    ["equal", when("StringEquals", "aws:SourceAccount", "1"), { "aws:sourceaccount": ["1"] }, "allowed"],
    [
      "unequal",
      when("StringEquals", "aws:SourceAccount", "1"),
      { "aws:sourceaccount": ["2"] },
      "not-allowed",
    ],
    ["absent", when("StringEquals", "aws:SourceAccount", "1"), {}, "not-allowed"],
    ["absent and negated", when("StringNotEquals", "aws:SourceAccount", "1"), {}, "allowed"],
    ["absent but optional", when("StringEqualsIfExists", "aws:SourceAccount", "1"), {}, "allowed"],
    ["alike", when("ArnLike", "aws:SourceArn", "arn:*:x"), { "aws:sourcearn": ["arn:a:x"] }, "allowed"],
    [
      "a boolean",
      when("Bool", "aws:SecureTransport", "false"),
      { "aws:securetransport": ["true"] },
      "not-allowed",
    ],
    [
      "a smaller number",
      when("NumericLessThan", "s3:TlsVersion", 1.2),
      { "s3:tlsversion": ["1.3"] },
      "not-allowed",
    ],
    [
      "all keys within",
      when("ForAllValues:StringEquals", LEADING, ["a", "b"]),
      { "dynamodb:leadingkeys": ["a"] },
      "allowed",
    ],
    [
      "a key outside",
      when("ForAllValues:StringEquals", LEADING, ["a"]),
      { "dynamodb:leadingkeys": ["a", "c"] },
      "not-allowed",
    ],
    ["no key at all", when("ForAllValues:StringEquals", LEADING, ["a"]), {}, "allowed"],
    [
      "any key",
      when("ForAnyValue:StringLike", LEADING, "a*"),
      { "dynamodb:leadingkeys": ["c", "ab"] },
      "allowed",
    ],
    ["any of none", when("ForAnyValue:StringLike", LEADING, "a*"), {}, "not-allowed"],
    ["null", when("Null", LEADING, "true"), {}, "allowed"],
    ["not null", when("Null", LEADING, "false"), {}, "not-allowed"],
  ])("evaluate: %s", (_, statement, context, expected) => {
    expect(verdict(statement, { context })).toBe(expected);
  });

  it.each<[Json, string]>([
    [when("DateGreaterThan", "aws:SourceAccount", "x"), "policy condition operator DateGreaterThan"],
    [
      when("StringEquals", "aws:MultiFactorAuthPresent", "x"),
      "policy condition key aws:MultiFactorAuthPresent",
    ],
    [allow({ Resource: "arn:aws:s3:::b/${aws:username}" }), "policy variable"],
    [allow({ NotPrincipal: "*" }), "NotPrincipal"],
  ])("are refused by name if they are not supported: %j", (statement, message) => {
    const attempt = (): unknown => parsePolicy("Policy (AWS::IAM::Policy)", { Statement: statement });
    expect(attempt).toThrow(UnknownTemplateError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow("Policy (AWS::IAM::Policy)");
  });
});

describe("principals", () => {
  const SNS: Caller = { kind: "service", name: "sns.amazonaws.com" };
  it.each<[string, Json, Caller, string]>([
    ["a service that is named", { Service: "sns.amazonaws.com" }, SNS, "allowed"],
    ["another service", { Service: "s3.amazonaws.com" }, SNS, "not-allowed"],
    ["everybody", "*", SNS, "allowed"],
    ["a role by its account", { AWS: "arn:aws:iam::000000000000:root" }, ROLE, "allowed"],
    ["a role where a service is named", { Service: "sns.amazonaws.com" }, ROLE, "not-allowed"],
  ])("match: %s", (_, Principal, caller, expected) => {
    expect(verdict(allow({ Principal }), { caller })).toBe(expected);
  });
});
