import { MissingGrantError } from "../errors.ts";
import type { Guard, Principal } from "../iam/guard.ts";

const STREAM_ACTIONS = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
const QUEUE_ACTIONS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/**
 * Checks that something which runs without a request has the permissions that it needs.
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

/** The permissions that Lambda's poller needs from the function's role to read a table's stream. */
export function requireStreamGrants(guard: Guard, principal: Principal, streamArn: string): void {
  requireGrants(guard, principal, STREAM_ACTIONS, streamArn);
  requireGrants(guard, principal, ["dynamodb:ListStreams"], streamArn);
}

/** The permissions that Lambda's poller needs from the function's role to consume a queue. */
export function requireQueueGrants(guard: Guard, principal: Principal, queueArn: string): void {
  requireGrants(guard, principal, QUEUE_ACTIONS, queueArn);
}
