import * as z from "zod";
import { DYNAMODB_ACTIONS } from "./aws/dynamodb/dynamodb.ts";
import { templateSchema as tableSchema } from "./aws/dynamodb/table-definition.ts";
import { EVENTS_ACTIONS } from "./aws/events/event-buses.ts";
import { busSchema, ruleSchema } from "./aws/events/event-rules.ts";
import { LAMBDA_ACTIONS } from "./aws/lambda/lambda-route.ts";
import { S3_ACTIONS } from "./aws/s3/s3-operations.ts";
import { SECRETS_ACTIONS } from "./aws/secrets/secrets-manager.ts";
import { QUEUE_PROPERTIES } from "./aws/sqs/queue-attributes.ts";
import { SQS_ACTIONS } from "./aws/sqs/sqs.ts";
import { STS_ACTIONS } from "./aws/sts-route.ts";
import { configSchema } from "./functions/async-policies.ts";
import { functionSchema } from "./functions/function-settings.ts";
import {
  apiSchema,
  authorizerSchema,
  integrationSchema,
  routeSchema,
  stageSchema,
} from "./gateway/api-settings.ts";
import {
  bucketPolicySchema,
  busPolicySchema,
  permissionSchema,
  queuePolicySchema,
} from "./iam/resource-policies.ts";
import { managedPolicySchema, policySchema, roleSchema } from "./iam/roles.ts";
import { mappingSchema } from "./mappings/mapping-settings.ts";
import { groupSchema, scheduleSchema } from "./schedules/schedule-settings.ts";
import { INERT_TYPES, type RunningType } from "./template/resource-types.ts";
import { bucketSchema } from "./template/storage.ts";

const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  DynamoDB: DYNAMODB_ACTIONS,
  EventBridge: EVENTS_ACTIONS,
  Lambda: LAMBDA_ACTIONS,
  S3: S3_ACTIONS,
  "Secrets Manager": SECRETS_ACTIONS,
  SQS: SQS_ACTIONS,
  STS: STS_ACTIONS,
};

interface Properties {
  effective: readonly string[];
  withoutEffect: readonly string[];
}

const describedSchema = z.object({
  properties: z.record(
    z.string(),
    z.looseObject({
      enum: z.array(z.unknown()).optional(),
      const: z.unknown().optional(),
      withoutEffect: z.boolean().optional(),
    }),
  ),
});

/** The properties that a schema allows, with their values if only some are allowed. */
function propertiesOf(schema: z.ZodType): Properties {
  const { properties } = describedSchema.parse(
    z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }),
  );
  const entries = Object.entries(properties);
  const show = ([name, { enum: values, const: only }]: (typeof entries)[number]): string => {
    const allowed = values ?? (only === undefined ? [] : [only]);
    return allowed.length === 0 ? name : `${name} (${allowed.join(", ")})`;
  };
  return {
    effective: entries.filter(([, property]) => property.withoutEffect !== true).map(show),
    withoutEffect: entries.filter(([, property]) => property.withoutEffect === true).map(([name]) => name),
  };
}

const PROPERTIES: Readonly<Record<RunningType, Properties>> = {
  "AWS::ApiGatewayV2::Api": propertiesOf(apiSchema),
  "AWS::ApiGatewayV2::Authorizer": propertiesOf(authorizerSchema),
  "AWS::ApiGatewayV2::Integration": propertiesOf(integrationSchema),
  "AWS::ApiGatewayV2::Route": propertiesOf(routeSchema),
  "AWS::ApiGatewayV2::Stage": propertiesOf(stageSchema),
  "AWS::DynamoDB::Table": propertiesOf(tableSchema),
  "AWS::Events::EventBus": propertiesOf(busSchema),
  "AWS::Events::EventBusPolicy": propertiesOf(busPolicySchema),
  "AWS::Events::Rule": propertiesOf(ruleSchema),
  "AWS::IAM::ManagedPolicy": propertiesOf(managedPolicySchema),
  "AWS::IAM::Policy": propertiesOf(policySchema),
  "AWS::IAM::Role": propertiesOf(roleSchema),
  "AWS::Lambda::EventInvokeConfig": propertiesOf(configSchema),
  "AWS::Lambda::EventSourceMapping": propertiesOf(mappingSchema),
  "AWS::Lambda::Function": propertiesOf(functionSchema),
  "AWS::Lambda::Permission": propertiesOf(permissionSchema),
  "AWS::S3::Bucket": propertiesOf(bucketSchema),
  "AWS::S3::BucketPolicy": propertiesOf(bucketPolicySchema),
  "AWS::SQS::Queue": QUEUE_PROPERTIES,
  "AWS::SQS::QueuePolicy": propertiesOf(queuePolicySchema),
  "AWS::Scheduler::Schedule": propertiesOf(scheduleSchema),
  "AWS::Scheduler::ScheduleGroup": propertiesOf(groupSchema),
};

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const list = (items: readonly string[]): string => items.toSorted().join(", ");

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

/**
 * A description of the actions that clients may call and the types and properties that a template may use, in Markdown.
 * It comes from the registries that the code itself uses.
 */
export function describeSupported(): string {
  return [
    "### Services and actions",
    table(
      ["service", "actions"],
      Object.entries(ACTIONS).map(([service, actions]) => [service, list(actions)]),
    ),
    "### Resource types that run",
    table(
      ["type", "properties", "accepted without an effect"],
      Object.entries(PROPERTIES).map(([type, { effective, withoutEffect }]) => [
        `\`${type}\``,
        list(effective),
        list(withoutEffect),
      ]),
    ),
    "### Resource types that are accepted and do nothing",
    table(
      ["type", "why the stack runs without it"],
      Object.entries(INERT_TYPES).map(([type, reason]) => [`\`${type}\``, reason]),
    ),
  ].join("\n\n");
}

const BEGIN = "<!-- supported: begin, written by `npm run supported` -->";
const END = "<!-- supported: end -->";

/** A page whose part between its two marks is replaced by the current tables. */
export function withSupported(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`the page has no ${BEGIN} and ${END}`);
  return `${before}${BEGIN}\n\n${describeSupported()}\n\n${END}${after}`;
}
