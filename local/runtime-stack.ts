import { createAwsAccess, type FunctionPrincipals } from "./aws-access.ts";
import { startAwsEndpoint } from "./aws-endpoint.ts";
import { readRules } from "./aws/events/event-rules.ts";
import { UnknownTemplateError } from "./errors.ts";
import { createAsyncInvocations, type AsyncInvocations } from "./functions/async-invocations.ts";
import { readAsyncPolicies } from "./functions/async-policies.ts";
import type { Functions } from "./functions/functions.ts";
import { readApi, type ApiSettings } from "./gateway/api-settings.ts";
import { createGuard, type Guard, type Principal } from "./iam/guard.ts";
import { readResourcePolicies } from "./iam/resource-policies.ts";
import { readRoles } from "./iam/roles.ts";
import { readMappings } from "./mappings/mapping-settings.ts";
import { startMappings } from "./mappings/mappings.ts";
import { requireGrants } from "./mappings/required-grants.ts";
import { createVisibilityHolds } from "./mappings/visibility-holds.ts";
import { LOCAL_ACCOUNT } from "./region.ts";
import type { StackContext } from "./runtime-context.ts";
import { connectEndpoint } from "./runtime-endpoint.ts";
import { principalsOf, startFunctions } from "./runtime-functions.ts";
import { readSchedules } from "./schedules/schedule-settings.ts";
import { startSchedules } from "./schedules/schedules.ts";
import { createTargetSender } from "./schedules/targets.ts";
import { readStack, type Stack } from "./template/stack.ts";
import { createQueues, createTables, readBuckets } from "./template/storage.ts";

/** A stack at work. */
export interface RunningStack {
  stack: Stack;
  /** `Ref` by logical id. */
  resources: Readonly<Record<string, string>>;
  api: ApiSettings | null;
  functions: Functions;
  guard: Guard;
  awsEndpointUrl: string;
  isIdle(): boolean;
  /** Takes nothing new and lets what runs finish for `graceMs`. */
  quiesce(graceMs: number): Promise<void>;
}

/** How often items past their time to live are looked for, on the stack's clock; not more often than each second. */
const EXPIRY_MS = 60_000;
const SHORTEST_EXPIRY_MS = 1000;

type SendToQueue = (queueArn: string, body: string, group?: string) => void;

/** Tables, queues and buckets of the template, made or found as an earlier run left them. */
function createResources(context: StackContext, awsEndpointUrl: string) {
  const { storage, template, stackName } = context;
  const streams = new Map<string, string>();
  const stack = readStack(template, {
    stackName,
    awsEndpointUrl: () => awsEndpointUrl,
    apiUrl: () => context.apiUrl,
    streamArn: (logicalId) => {
      const arn = streams.get(logicalId);
      if (arn === undefined) throw new UnknownTemplateError(logicalId, "the stream of a table without one");
      return arn;
    },
  });
  const partitionKeys = createTables(stack, storage.dynamodb, streams);
  const visibility = createQueues(stack, storage.sqs);
  storage.sqs.releaseInFlight();
  return { stack, partitionKeys, visibility, buckets: readBuckets(stack) };
}

function createPermissions(context: StackContext, stack: Stack) {
  const roles = readRoles(stack);
  const guard = createGuard({
    resourcePolicies: readResourcePolicies(stack),
    onDenial: (denial) => {
      context.storage.logs.write("denials", JSON.stringify(denial));
      context.options.onProblem?.({ kind: "denied", denial });
    },
  });
  return { roles, guard };
}

function queueSender({ storage }: StackContext, awsEndpointUrl: string): SendToQueue {
  return (queueArn, body, group) => {
    const QueueUrl = `${awsEndpointUrl}/${LOCAL_ACCOUNT}/${queueArn.split(":").at(-1) ?? ""}`;
    const input = { QueueUrl, MessageBody: body, ...(group !== undefined && { MessageGroupId: group }) };
    void storage.sqs.handle({ service: "AmazonSQS", action: "SendMessage", input });
  };
}

function principalIn(principals: FunctionPrincipals, functionId: string): Principal {
  const principal = principals.get(functionId);
  if (principal === undefined) throw new UnknownTemplateError(functionId, "a function without a role");
  return principal;
}

function startAsync(
  context: StackContext,
  parts: {
    stack: Stack;
    functions: Functions;
    guard: Guard;
    principals: FunctionPrincipals;
    sendToQueue: SendToQueue;
  },
): AsyncInvocations {
  const { functions, guard, principals, sendToQueue } = parts;
  const policyOf = readAsyncPolicies(parts.stack, functions, {
    require: (fn, queueArn) =>
      requireGrants(guard, principalIn(principals, fn.logicalId), ["sqs:SendMessage"], queueArn),
    send: sendToQueue,
  });
  return createAsyncInvocations({
    state: context.storage.state,
    clock: context.clock,
    policyOf,
    invoke: (name, event, source) => {
      const fn = functions.find(name);
      if (fn !== undefined) return functions.invoke(fn, event, source);
      // The template has changed since the event was taken.
      return Promise.resolve({ kind: "done", result: "null" });
    },
  });
}

function startExpiry({ storage, clock }: StackContext): () => void {
  const expire = (): void => {
    storage.dynamodb.expireNow();
  };
  const timer = setInterval(expire, Math.max(SHORTEST_EXPIRY_MS, clock.realDelay(EXPIRY_MS)));
  return () => clearInterval(timer);
}

function reportFault({ storage }: StackContext, what: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  storage.logs.write("runtime", `${what}: ${text}`);
}

/** Starts everything of a template but its HTTP API, which only has to be listened to. */
export async function startStack(context: StackContext): Promise<RunningStack> {
  const { storage, clock, options } = context;
  const endpoint = await startAwsEndpoint(options.awsPort ?? 0, (error, call) =>
    reportFault(context, `${call?.service ?? ""}.${call?.action ?? ""}`, error),
  );
  context.undo.push(endpoint.close);
  storage.setEndpoint(endpoint.url);

  const { stack, partitionKeys, visibility, buckets } = createResources(context, endpoint.url);
  const { roles, guard } = createPermissions(context, stack);
  const functions = await startFunctions(context, stack, endpoint.url);
  const principals = principalsOf(functions.all, roles);
  const access = createAwsAccess(guard, principals, {
    partitionKey: (table) => partitionKeys.get(table),
    secretArn: (secretId) => storage.secrets.find(secretId)?.arn,
  });
  const holds = createVisibilityHolds(storage.sqs, clock.scale, (queueArn) => visibility.get(queueArn) ?? 30);
  const sendToQueue = queueSender(context, endpoint.url);

  const api = readApi(stack, functions);
  const mapped = readMappings(stack, functions);
  const { rules, schedules: ruleSchedules } = readRules(stack, { functions, roles, guard });
  const schedules = [...readSchedules(stack, { functions, roles, guard }), ...ruleSchedules];

  const async = startAsync(context, { stack, functions, guard, principals, sendToQueue });
  context.undo.push(async () => {
    const ended = async.stop();
    await functions.stop(0);
    await ended;
  });
  const sender = createTargetSender({ async, sendToQueue, writeLog: storage.logs.write });
  connectEndpoint(context, {
    stack,
    endpoint,
    access,
    functions,
    async,
    sender,
    rules,
    buckets,
    observe: holds.observe,
  });

  const mappings = startMappings({
    mappings: mapped,
    dynamodb: storage.dynamodb,
    sqs: storage.sqs,
    functions,
    state: storage.state,
    clock,
    guard,
    principal: (functionId) => principalIn(principals, functionId),
    sendToQueue,
    holds,
    disturb: options.disturb,
    onFault: (mapping, error) => reportFault(context, mapping, error),
  });
  const fired = startSchedules({
    schedules,
    state: storage.state,
    clock,
    sender,
    isPending: async.isPending,
  });
  const stopExpiry = startExpiry(context);

  return {
    stack,
    resources: Object.fromEntries(
      Object.keys(context.template.Resources).flatMap((id) => referenceOf(stack, id)),
    ),
    api,
    functions,
    guard,
    awsEndpointUrl: endpoint.url,
    isIdle: () => functions.busy() === 0 && async.busy() === 0 && mappings.isIdle(),
    quiesce: async (graceMs) => {
      fired.stop();
      stopExpiry();
      const ended = Promise.all([mappings.stop(), async.stop()]);
      await functions.stop(graceMs);
      await ended;
    },
  };
}

/** Not every type has a `Ref`. */
function referenceOf(stack: Stack, logicalId: string): [string, string][] {
  try {
    return [[logicalId, stack.ref(logicalId)]];
  } catch {
    return [];
  }
}
