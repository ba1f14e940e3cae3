import { type HttpAnswer, type HttpRequest, jsonAnswer } from "../adapters/http-api.ts";
import type { Reading } from "../adapters/journal-reading.ts";
import { type EventListParameters, eventListParametersSchema } from "../core/api/reading-api.ts";
import { refusalOf } from "../core/api/refusal.ts";
import { invalidField } from "../core/base/invalid-field.ts";
import type { Clock } from "../core/base/clock.ts";
import type { Plans, Workspace } from "../core/workspace/entitlement.ts";
import type { EventFilter } from "../core/reading/event-query.ts";
import { findPageRecordedAt, searchFrom } from "../core/journal/find-page-at.ts";
import type { Position } from "../core/journal/page.ts";
import type { Problem } from "../core/base/problem.ts";
import { decodeCursor, encodeCursor, readEventsBack } from "../core/reading/read-journal.ts";
import { windowOf } from "../core/reading/reading-window.ts";

export interface ListEventsDependencies {
  reading: Reading;
  plans: Plans;
  clock: Clock;
}

/** Answers `GET …/events`: the events within retention, newest first, as far as one request may examine them. */
export async function listEvents(
  workspace: Workspace,
  request: HttpRequest,
  { reading, plans, clock }: ListEventsDependencies,
): Promise<HttpAnswer | Problem> {
  const parsed = eventListParametersSchema.safeParse(request.query);
  if (!parsed.success) return refusalOf(parsed.error);
  const asked = identityOf(workspace.workspace, parsed.data);
  const before = parsed.data.cursor === undefined ? undefined : decodeCursor(parsed.data.cursor, asked);
  if (parsed.data.cursor !== undefined && before === undefined) {
    return invalidField("cursor", "must be the `nextCursor` of an answer to the same question");
  }
  const page = await readEventsBack(
    {
      workspace: workspace.workspace,
      ...windowOf(workspace, plans, clock(), parsed.data),
      filter: filterOf(parsed.data),
      limit: parsed.data.limit,
      before,
    },
    { ...reading, pageAt: (id, time) => pageAt(id, time, reading) },
  );
  return jsonAnswer(200, { items: page.events, nextCursor: cursorOf(page.next, asked) });
}

async function pageAt(workspace: string, time: string, reading: Reading): Promise<number | undefined> {
  return (await findPageRecordedAt(workspace, searchFrom(time), reading))?.page;
}

export function filterOf(asked: EventFilter): EventFilter {
  const { category, action, actor, target, q } = asked;
  return { category, action, actor, target, q };
}

/** The parameters that a cursor is bound to: it is valid only for a request with the same ones. */
function identityOf(workspace: string, parameters: EventListParameters): (string | undefined)[] {
  const { from, to, category, action, actor, target, q } = parameters;
  return [workspace, from, to, category, action, actor, target, q];
}

function cursorOf(next: Position | undefined, asked: readonly (string | undefined)[]): string | null {
  return next === undefined ? null : encodeCursor(next, asked);
}
