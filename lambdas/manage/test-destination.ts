import { type HttpAnswer, jsonAnswer, problemAnswer } from "../adapters/http-api.ts";
import type { Destination } from "../core/destination/destination.ts";
import type { Workspace } from "../core/retention/entitlement.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import { buildOwnEntry } from "../core/entry/own-entry.ts";
import { rateItem, takeTurn, TEST_LIMIT } from "../core/destination/rate-limit.ts";
import { type Call, refuse } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { CHANGE_TRIES, contended, requireDestination, requireWorkspace } from "./guards.ts";

/** The turn is taken and recorded before anything is sent, so that no test goes uncounted or unseen. */
export async function testDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  const wait = await takeTestTurn(call, workspace, row, dependencies);
  if (wait !== undefined) return tooManyTests(wait);
  return jsonAnswer(200, await dependencies.tester.test(row.workspace, row.destination));
}

/** `undefined` when it may go ahead, else the seconds to wait. */
async function takeTestTurn(
  { caller, request }: Call,
  workspace: Workspace,
  row: Destination,
  { registry, clock, random, settings }: ManageDependencies,
): Promise<number | undefined> {
  const event = webhookEvent("tested", actorOf(caller.subject), row);
  for (let tries = 0; tries < CHANGE_TRIES * 2; tries++) {
    const now = clock();
    const present = await registry.readRate(row.workspace, rateItem(TEST_LIMIT));
    const verdict = takeTurn(row.workspace, present, TEST_LIMIT, now);
    if (verdict.kind === "refused") return verdict.retryAfterSeconds;
    const entry = buildOwnEntry({ workspace, event, trace: request.trace }, now, random, settings);
    const taken = await registry.commit([
      present === undefined
        ? { kind: "create", row: { ...verdict.row, version: 1 } }
        : { kind: "replace", row: verdict.row },
      { kind: "record", entry },
    ]);
    if (taken.kind === "committed") return undefined;
  }
  return refuse(contended());
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
