import { readRules, type EventRule } from "../aws/events/event-rules.ts";
import type { FunctionPrincipals } from "../aws-access.ts";
import { UnknownTemplateError } from "../errors.ts";
import { AsyncInvocations } from "../functions/async-invocations.ts";
import { readAsyncPolicies } from "../functions/async-policies.ts";
import type { Functions } from "../functions/functions.ts";
import type { Guard, Principal, Role } from "../iam/guard.ts";
import { readMappings } from "../mappings/mapping-settings.ts";
import { startMappings, type Mappings } from "../mappings/mappings.ts";
import { requireGrants } from "../mappings/required-grants.ts";
import type { VisibilityHolds } from "../mappings/visibility-holds.ts";
import { LOCAL_ACCOUNT } from "../region.ts";
import type { StackContext } from "./context.ts";
import { readSchedules } from "../schedules/schedule-settings.ts";
import { startSchedules } from "../schedules/schedules.ts";
import { createTargetSender, type TargetSender } from "../schedules/targets.ts";
import type { Stack } from "../template/stack.ts";

/** The functions of a stack and the roles and permissions with which they work. */
export interface WorkContext extends StackContext {
  stack: Stack;
  functions: Functions;
  guard: Guard;
  roles: ReadonlyMap<string, Role>;
  principals: FunctionPrincipals;
  holds: VisibilityHolds;
  awsEndpointUrl: string;
}

/** Everything in a stack that runs without a request. */
export interface Work {
  async: AsyncInvocations;
  sender: TargetSender;
  rules: readonly EventRule[];
  /** Starts mappings, schedules and the removal of expired items. */
  begin(): Pick<Mappings, "isIdle" | "stop">;
}

/** How often expired items are deleted, by the stack's clock, but at most once a second of real time. */
const EXPIRY_MS = 60_000;
const SHORTEST_EXPIRY_MS = 1000;

type SendToQueue = (queueArn: string, body: string, group?: string) => void;

function queueSender({ storage, awsEndpointUrl }: WorkContext): SendToQueue {
  return (queueArn, body, group) => {
    const QueueUrl = `${awsEndpointUrl}/${LOCAL_ACCOUNT}/${queueArn.split(":").at(-1) ?? ""}`;
    const input = { QueueUrl, MessageBody: body, ...(group !== undefined && { MessageGroupId: group }) };
    void storage.sqs.handle({ service: "AmazonSQS", action: "SendMessage", input });
  };
}

function principalOf({ principals }: WorkContext, functionId: string): Principal {
  const principal = principals.get(functionId);
  if (principal === undefined) throw new UnknownTemplateError(functionId, "a function without a role");
  return principal;
}

function createAsync(context: WorkContext, sendToQueue: SendToQueue): AsyncInvocations {
  const { functions, guard, stack } = context;
  const policyOf = readAsyncPolicies(stack, functions, {
    require: (fn, queueArn) =>
      requireGrants(guard, principalOf(context, fn.logicalId), ["sqs:SendMessage"], queueArn),
    send: sendToQueue,
  });
  return new AsyncInvocations({
    state: context.storage.state,
    clock: context.clock,
    policyOf,
    invoke: (name, event, source) => {
      const fn = functions.find(name);
      if (fn !== undefined) return functions.invoke(fn, event, source);
      // The template has changed since the event was accepted.
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

/** Writes a fault of the runtime itself to `DIR/logs/runtime.log`. */
export function reportFault({ storage }: StackContext, what: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  storage.logs.write("runtime", `${what}: ${text}`);
}

/**
 * Prepares everything that runs without a request. Nothing starts before `begin`.
 * @throws MissingGrantError, UnknownTemplateError
 */
export function prepareWork(context: WorkContext): Work {
  const { stack, functions, storage, clock } = context;
  const sendToQueue = queueSender(context);
  const mappings = readMappings(stack, functions);
  const { rules, schedules: ruleSchedules } = readRules(stack, context);
  const schedules = [...readSchedules(stack, context), ...ruleSchedules];
  const async = createAsync(context, sendToQueue);
  const sender = createTargetSender({ async, sendToQueue, writeLog: storage.logs.write });

  const isPending = (source: string): boolean => async.isPending(source);
  const begin = (): Pick<Mappings, "isIdle" | "stop"> => {
    const fired = startSchedules({ schedules, state: storage.state, clock, sender, isPending });
    context.undo.push(fired.stop);
    // The last step that may fail, because mappings that are not stopped would go on reading closed tables.
    const mapped = startMappings({
      ...context,
      ...storage,
      mappings,
      principal: (functionId) => principalOf(context, functionId),
      sendToQueue,
      disturb: context.options.disturb,
      onFault: (mapping, error) => reportFault(context, mapping, error),
    });
    const stopExpiry = startExpiry(context);
    const stop = async (): Promise<void> => {
      fired.stop();
      stopExpiry();
      await Promise.all([mapped.stop(), async.stop()]);
    };
    return { isIdle: () => async.busy() === 0 && mapped.isIdle(), stop };
  };
  return { async, sender, rules, begin };
}
