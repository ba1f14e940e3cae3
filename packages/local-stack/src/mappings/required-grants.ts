import { MissingGrantError } from "../errors.ts";
import type { Guard, Principal } from "../iam/guard.ts";

const STREAM_ACTIONS = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
const QUEUE_ACTIONS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/**
 * Asks whether something that works by itself may do what it is there for.
 * @throws MissingGrantError, as a deployment fails when Lambda finds the same
 */
export function requireGrants(
  guard: Guard,
  principal: Principal,
  actions: readonly string[],
  resource: string,
): void {
  for (const action of actions) {
    const denial = guard.check(principal, { action, resource, context: () => undefined });
    if (denial !== null) throw new MissingGrantError(principal.id, action, resource);
  }
}

/** What Lambda's poller needs from the function's role to read a table's stream. */
export function requireStreamGrants(guard: Guard, principal: Principal, streamArn: string): void {
  requireGrants(guard, principal, STREAM_ACTIONS, streamArn);
  requireGrants(guard, principal, ["dynamodb:ListStreams"], streamArn);
}

/** What Lambda's poller needs from the function's role to empty a queue. */
export function requireQueueGrants(guard: Guard, principal: Principal, queueArn: string): void {
  requireGrants(guard, principal, QUEUE_ACTIONS, queueArn);
}
