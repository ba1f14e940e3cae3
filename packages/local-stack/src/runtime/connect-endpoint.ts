import type { AwsAccess } from "../aws-access.ts";
import type { AwsEndpoint } from "../aws-endpoint.ts";
import { createEventBuses } from "../aws/events/event-buses.ts";
import { readBuses, type EventRule } from "../aws/events/event-rules.ts";
import { createLambdaRoute } from "../aws/lambda/lambda-route.ts";
import { MultipartUploads } from "../aws/s3/multipart.ts";
import { ObjectStore } from "../aws/s3/object-store.ts";
import { createS3Route } from "../aws/s3/s3-route.ts";
import { createSecretsManager } from "../aws/secrets/secrets-manager.ts";
import { stsRoute } from "../aws/sts-route.ts";
import type { AwsCall, AwsService, RawRoute } from "../aws/services.ts";
import { createBackgroundCalls } from "./background-calls.ts";
import type { Disturbance } from "./disturbance.ts";
import type { AsyncInvocations } from "../functions/async-invocations.ts";
import { FUNCTION_SECRET, type Functions } from "../functions/functions.ts";
import type { StackContext } from "./context.ts";
import type { TargetSender } from "../schedules/targets.ts";
import type { Stack } from "../template/stack.ts";

interface EndpointContext {
  stack: Stack;
  endpoint: AwsEndpoint;
  access: AwsAccess;
  functions: Functions;
  async: AsyncInvocations;
  sender: TargetSender;
  rules: readonly EventRule[];
  /** The buckets, with the milliseconds for which they keep an object. */
  buckets: ReadonlyMap<string, number>;
  observe(call: AwsCall): void;
}

function eventBuses({ clock, storage }: StackContext, { stack, rules, sender }: EndpointContext): AwsService {
  return createEventBuses({
    buses: readBuses(stack),
    now: clock.now,
    onEvent: (bus, event) => {
      const text = JSON.stringify(event);
      storage.logs.write(`bus-${bus}`, text);
      for (const rule of rules) {
        if (rule.bus !== bus || !rule.wants(event)) continue;
        for (const { target, input } of rule.targets) sender.send(target, input ?? text, rule.id);
      }
    },
  });
}

function s3Route({ clock, dir, storage }: StackContext, { buckets, access }: EndpointContext): RawRoute {
  const store = new ObjectStore({
    dir,
    database: storage.state,
    now: clock.now,
    expiresAfterMs: (bucket) => buckets.get(bucket) ?? Infinity,
  });
  return createS3Route({
    buckets: new Set(buckets.keys()),
    store,
    uploads: new MultipartUploads(storage.state, store, clock.now),
    now: clock.now,
    secret: FUNCTION_SECRET,
    authorise: access.authorise,
  });
}

type Around = (
  call: AwsCall,
  carryOut: () => Promise<Record<string, unknown>>,
) => Promise<Record<string, unknown>>;

/**
 * Passes calls of functions through a test harness's disturbance and lets those of background functions wait. Calls of
 * operators do neither.
 */
function around(disturbance: Disturbance | undefined, functions: Pick<Functions, "instanceOf">): Around {
  const background = createBackgroundCalls();
  return async (call, carryOut) => {
    const caller = call.session === undefined ? undefined : functions.instanceOf(call.session);
    if (caller?.isBackground === true) await background.turn();
    else background.served();
    return caller === undefined || disturbance?.call === undefined
      ? carryOut()
      : disturbance.call(caller, call, carryOut);
  };
}

/** Connects every service of the stack to the endpoint. */
export function connectEndpoint(context: StackContext, parts: EndpointContext): void {
  const { clock, storage, options } = context;
  parts.endpoint.connect({
    services: {
      DynamoDB_20120810: storage.dynamodb,
      AmazonSQS: storage.sqs,
      secretsmanager: createSecretsManager({ store: storage.secrets, now: clock.now }),
      AWSEvents: eventBuses(context, parts),
    },
    routes: [
      createLambdaRoute({
        functions: parts.functions,
        async: parts.async,
        authorise: parts.access.authorise,
      }),
      stsRoute,
      s3Route(context, parts),
    ],
    access: parts.access,
    observe: parts.observe,
    around: around(options.disturb, parts.functions),
  });
}
