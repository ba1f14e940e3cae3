import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ENV } from "../../lambdas/core/base/environment.ts";
import { FUNCTION_ENTRIES } from "../../lib/function-code.ts";
import { readSources, REPOSITORY, type SourceFile } from "../helpers/source-files.ts";
import { logicalIdOf, resourcesOf, synthesise } from "../helpers/synthesised-stack.ts";

// The user pool adds the twelfth function, the VPC the permissions for network interfaces.
const template = synthesise({
  sourceBaseUrl: "https://app.example.com",
  egress: { fixedAddresses: 1 },
  upgradeUrl: "https://app.example.com/plans",
});
const sources = new Map(readSources(["lambdas"]).map((file) => [file.path, file]));

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
}

function statementsOf(roleId: string): Statement[] {
  return resourcesOf(template, "AWS::IAM::Policy")
    .filter(([, { Properties }]) => Properties["Roles"].map(logicalIdOf).includes(roleId))
    .flatMap(([, { Properties }]) => Properties["PolicyDocument"].Statement);
}

const actionsOf = ({ Action }: Statement): string[] => [Action].flat();
const resourcesIn = ({ Resource }: Statement): string[] =>
  [Resource].flat().map((one) => JSON.stringify(one));

/** The IAM actions that an SDK command needs; by default the action of the same name. */
const ACTIONS: Readonly<Record<string, string[]>> = {
  TransactWriteItemsCommand: ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"].map(
    (name) => `dynamodb:${name}`,
  ),
  TransactGetItemsCommand: ["dynamodb:GetItem"],
  SendMessageBatchCommand: ["sqs:SendMessage"],
  InvokeCommand: ["lambda:InvokeFunction"],
};

const SERVICES: Readonly<Record<string, string>> = {
  dynamodb: "dynamodb",
  sqs: "sqs",
  s3: "s3",
  lambda: "lambda",
  eventbridge: "events",
  "secrets-manager": "secretsmanager",
};

/**
 * Actions that Lambda itself performs with a function's role: writing logs, polling queues and streams, attaching to a
 * VPC.
 */
const PLATFORM =
  /^(?:logs:(?:CreateLogStream|PutLogEvents)|sqs:(?:ReceiveMessage|DeleteMessage|GetQueueAttributes|GetQueueUrl)|dynamodb:(?:DescribeStream|GetRecords|GetShardIterator|ListStreams)|ec2:.*NetworkInterface.*|ec2:DescribeSubnets|ec2:.*PrivateIpAddresses)$/;

/** The files that an entry imports, directly or indirectly. */
function filesBehind(entry: string): SourceFile[] {
  const seen = new Map<string, SourceFile>();
  const visit = (path: string): void => {
    const file = sources.get(path);
    if (file === undefined || seen.has(path)) return;
    seen.set(path, file);
    for (const { target, relative, typeOnly } of file.imports) if (relative && !typeOnly) visit(target);
  };
  visit(`lambdas/${entry}.ts`);
  return [...seen.values()];
}

/** Actions that the code behind an entry could call. */
function usedBy(entry: string): Set<string> {
  const used = new Set<string>();
  for (const { target, names } of filesBehind(entry).flatMap((file) => file.imports)) {
    const service = SERVICES[target.replace("@aws-sdk/client-", "")];
    for (const name of names.filter((imported) => imported.endsWith("Command") && service !== undefined)) {
      for (const action of ACTIONS[name] ?? [`${service}:${name.replace("Command", "")}`]) used.add(action);
    }
  }
  return used;
}

const ENV_NAMES: Readonly<Record<string, string>> = ENV;

/** Environment variables that the code behind an entry reads. */
function readBy(entry: string): string[] {
  const names = filesBehind(entry).flatMap(({ text }) =>
    [...text.matchAll(/\bENV\.(\w+)/g)].map(([, key = ""]) => ENV_NAMES[key] ?? `ENV.${key}`),
  );
  return [...new Set(names)].toSorted();
}

function roleOf(entry: string): string {
  const role = resourcesOf(template, "AWS::IAM::Role").find(
    ([, { Properties }]) => Properties["Description"] === `What ${entry} may do`,
  );
  return role?.[0] ?? "none";
}

const functions = resourcesOf(template, "AWS::Lambda::Function").map(([id, { Properties }]) => ({
  id,
  role: logicalIdOf(Properties["Role"]),
  environment: Properties["Environment"].Variables,
}));

describe("roles", () => {
  it("are separate for each function", () => {
    expect(new Set(functions.map(({ role }) => role)).size).toBe(FUNCTION_ENTRIES.length);
  });

  it("use no wildcard in an action and no managed policy", () => {
    const statements = functions.flatMap(({ role }) => statementsOf(role));
    expect(statements.flatMap(actionsOf).filter((action) => action.includes("*"))).toEqual([]);
    for (const [, { Properties }] of resourcesOf(template, "AWS::IAM::Role")) {
      expect(Properties["ManagedPolicyArns"]).toBeUndefined();
    }
  });

  it("name every resource, except secrets and export parts, which have no name yet, and what AWS cannot name", () => {
    const wide = functions.flatMap(({ id, role }) =>
      statementsOf(role).flatMap((statement) =>
        resourcesIn(statement)
          .filter((resource) => resource.includes("*"))
          .map(
            (resource) => `${id.replace(/[0-9A-F]{8}$/, "")} ${/secret:|\/\*/.exec(resource)?.[0] ?? "*"}`,
          ),
      ),
    );
    expect(wide.toSorted()).toEqual([
      "TrailcastDeliveryFunction *",
      "TrailcastDeliveryFunction secret:",
      "TrailcastFanOutFunction *",
      "TrailcastManagementFunction secret:",
      "TrailcastReadingExport /*",
      "TrailcastReadingFunction /*",
      "TrailcastRetentionPurge secret:",
    ]);
  });

  it.each(FUNCTION_ENTRIES)("of %s allow nothing that its code could not call", (entry) => {
    expect(existsSync(join(REPOSITORY, `lambdas/${entry}.ts`))).toBe(true);
    const used = usedBy(entry);
    const allowed = statementsOf(roleOf(entry)).flatMap(actionsOf);
    expect(allowed.filter((action) => !used.has(action) && !PLATFORM.test(action))).toEqual([]);
  });

  it("of schedules may call one function each", () => {
    for (const [, { Properties }] of resourcesOf(template, "AWS::Scheduler::Schedule")) {
      const statements = statementsOf(logicalIdOf(Properties["Target"].RoleArn));
      expect(statements).toEqual([
        { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: Properties["Target"].Arn },
      ]);
    }
  });
});

describe("the environment", () => {
  it.each(FUNCTION_ENTRIES)("of %s has exactly the variables that its code reads", (entry) => {
    const fn = functions.find(({ role }) => role === roleOf(entry));
    const ours = Object.keys(fn?.environment ?? {}).filter((name) => name.startsWith("TRAILCAST_"));
    expect(ours.toSorted()).toEqual(readBy(entry));
  });
});
