import { createAwsAccess } from "../aws-access.ts";
import { startAwsEndpoint, type AwsEndpoint } from "../aws-endpoint.ts";
import type { Functions } from "../functions/functions.ts";
import { readApi, type ApiSettings } from "../gateway/api-settings.ts";
import type { Guard } from "../iam/guard.ts";
import { createVisibilityHolds } from "../mappings/visibility-holds.ts";
import type { StackContext } from "./context.ts";
import { connectEndpoint } from "./connect-endpoint.ts";
import { principalsOf, startFunctions } from "./start-functions.ts";
import { createPermissions, createResources, referencesOf, type Resources } from "./resources.ts";
import { prepareWork, reportFault, type Work, type WorkContext } from "./work.ts";
import type { Stack } from "../template/stack.ts";

/** A running stack. */
export interface RunningStack {
  stack: Stack;
  /** `Ref` by logical id. */
  resources: Readonly<Record<string, string>>;
  api: ApiSettings | null;
  functions: Functions;
  guard: Guard;
  awsEndpointUrl: string;
  isIdle(): boolean;
  /** Accepts nothing new and lets running invocations finish within `graceMs`. */
  quiesce(graceMs: number): Promise<void>;
}

/** SQS's default visibility. */
const DEFAULT_VISIBILITY_SECONDS = 30;

async function startEndpoint(context: StackContext): Promise<AwsEndpoint> {
  const endpoint = await startAwsEndpoint(context.options.awsPort ?? 0, (error, call) =>
    reportFault(context, `${call?.service ?? ""}.${call?.action ?? ""}`, error),
  );
  context.undo.push(endpoint.close);
  context.storage.setEndpoint(endpoint.url);
  return endpoint;
}

async function createWorkContext(
  context: StackContext,
  { stack, visibility }: Resources,
  awsEndpointUrl: string,
): Promise<WorkContext> {
  const { roles, guard } = createPermissions(context, stack);
  const functions = await startFunctions(context, stack, awsEndpointUrl);
  const holds = createVisibilityHolds(
    context.storage.sqs,
    context.clock.scale,
    (queueArn) => visibility.get(queueArn) ?? DEFAULT_VISIBILITY_SECONDS,
  );
  const principals = principalsOf(functions.all, roles);
  return { ...context, stack, functions, guard, roles, principals, holds, awsEndpointUrl };
}

function connect(context: WorkContext, endpoint: AwsEndpoint, resources: Resources, work: Work): void {
  const { guard, principals, storage, functions, stack, holds } = context;
  const access = createAwsAccess(guard, principals, {
    partitionKey: (table) => resources.partitionKeys.get(table),
    secretArn: (secretId) => storage.secrets.find(secretId)?.arn,
  });
  const { async, sender, rules } = work;
  const { buckets } = resources;
  const { observe } = holds;
  connectEndpoint(context, { stack, endpoint, access, functions, async, sender, rules, buckets, observe });
}

/** Starts everything in a template except its HTTP API. */
export async function startStack(base: StackContext): Promise<RunningStack> {
  const endpoint = await startEndpoint(base);
  const resources = createResources(base, endpoint.url);
  const context = await createWorkContext(base, resources, endpoint.url);
  const { stack, functions, guard } = context;
  const api = readApi(stack, functions);
  const work = prepareWork(context);
  base.undo.push(async () => {
    const ended = work.async.stop();
    await functions.stop(0);
    await ended;
  });
  connect(context, endpoint, resources, work);
  const begun = work.begin();
  return {
    stack,
    resources: referencesOf(base, stack),
    api,
    functions,
    guard,
    awsEndpointUrl: endpoint.url,
    isIdle: () => functions.busy() === 0 && begun.isIdle(),
    quiesce: async (graceMs) => {
      const ended = begun.stop();
      await functions.stop(graceMs);
      await ended;
    },
  };
}
