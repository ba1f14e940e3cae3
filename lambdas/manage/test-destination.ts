import { type HttpAnswer, jsonAnswer, problemAnswer } from "../adapters/http-api.ts";
import type { Destination } from "../core/destination/destination.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import { rateItem, takeTurn, TEST_LIMIT } from "../core/destination/rate-limit.ts";
import type { Call } from "./call.ts";
import { AGAIN, recordOf, untilCommitted } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { CHANGE_TRIES, requireDestination, requireWorkspace } from "./guards.ts";

/** Counts and records the test before it is sent, so that no test escapes the limit or the audit log. */
export async function testDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  const wait = await takeTestTurn(call, workspace, row, dependencies);
  if (wait !== undefined) return tooManyTests(wait);
  return jsonAnswer(200, await dependencies.tester.test(row.workspace, row.destination));
}

/** Returns `undefined` when the test may be sent, else the seconds to wait. */
async function takeTestTurn(
  call: Call,
  workspace: Workspace,
  row: Destination,
  dependencies: ManageDependencies,
): Promise<number | undefined> {
  const { registry, clock } = dependencies;
  const event = webhookEvent("tested", actorOf(call.caller.subject), row);
  return untilCommitted(async () => {
    const present = await registry.readRate(row.workspace, rateItem(TEST_LIMIT));
    const verdict = takeTurn(row.workspace, present, TEST_LIMIT, clock());
    if (verdict.kind === "refused") return verdict.retryAfterSeconds;
    const taken = await registry.commit([
      present === undefined
        ? { kind: "create", row: { ...verdict.row, version: 1 } }
        : { kind: "replace", row: verdict.row },
      recordOf(call, workspace, event, dependencies),
    ]);
    return taken.kind === "committed" ? undefined : AGAIN;
  }, CHANGE_TRIES * 2);
}

function tooManyTests(waitSeconds: number): HttpAnswer {
  const {
    statusCode,
    headers,
    body = "",
  } = problemAnswer({
    kind: "too-many-tests",
    title: "Too many test events",
    status: 429,
    detail: `Wait ${waitSeconds} s, then test again.`,
    limit: `${TEST_LIMIT.most} in ${TEST_LIMIT.windowMs / 1000} s for a workspace`,
  });
  return { statusCode, headers: { ...headers, "retry-after": String(waitSeconds) }, body };
}
