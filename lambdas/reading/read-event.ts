import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import type { Clock } from "../core/base/clock.ts";
import type { Plans, Workspace } from "../core/workspace/entitlement.ts";
import type { Entry } from "../core/entry/entry.ts";
import { linesOf } from "../core/entry/entry-body.ts";
import type { DeliveredEvent, EventDeliveries } from "../core/reading/event-delivery.ts";
import { recordedEventSchema } from "../core/entry/recorded-event.ts";
import { findPageAt, findPageRecordedAt } from "../core/journal/find-page-at.ts";
import { placeOfEvent, shardOf } from "../core/base/ids.ts";
import type { Page, Position } from "../core/journal/page.ts";
import { type Problem, problems } from "../core/base/problem.ts";
import { visibleSince } from "../core/workspace/retention.ts";
import type { JournalStore } from "../core/journal/journal-store.ts";
import type { EntryStore } from "../core/entry/entry-store.ts";

export interface ReadEventDependencies {
  entries: Pick<EntryStore, "readEntries">;
  journal: JournalStore;
  /** The deliveries that contained the event, as far as they were examined. */
  deliveriesOf(workspace: string, event: DeliveredEvent): Promise<EventDeliveries>;
  plans: Plans;
  clock: Clock;
  /** Number of Events shards of very busy workspaces, by workspace. */
  shards: Readonly<Record<string, number>>;
}

/**
 * An entry is on the first page whose time reaches its own, or soon after, because concurrent posts may swap places.
 */
const PAGES_LOOKED_AT = 20;

/**
 * Answers `GET …/events/{id}`: the id leads directly to the entry, and its position in the journal to its deliveries.
 */
export async function readEvent(
  workspace: Workspace,
  id: string,
  dependencies: ReadEventDependencies,
): Promise<HttpAnswer | Problem> {
  const place = placeOfEvent(id);
  if (place === undefined) return problems.notFound("event");
  const entry = await findEntry(workspace.workspace, place.entry, dependencies);
  const since = visibleSince(workspace, dependencies.plans, dependencies.clock());
  const line = entry === undefined || entry.recordedAt < since ? undefined : linesOf(entry)[place.position];
  if (entry === undefined || line === undefined) return problems.notFound("event");
  const event = recordedEventSchema.parse(JSON.parse(line));
  const at = await positionOf(entry, place.position, dependencies.journal);
  const { recordedAt } = entry;
  const held =
    at === undefined
      ? { deliveries: [], more: false }
      : await dependencies.deliveriesOf(workspace.workspace, {
          place: at,
          recordedAt,
          type: event.type,
          line,
        });
  return jsonAnswer(200, {
    event,
    recordedAt,
    entry: entry.entry,
    deliveries: held.deliveries,
    moreDeliveries: held.more,
  });
}

/** The most shards that a workspace may ever have had; one BatchGetItem takes 100 keys. */
const SHARDS_LOOKED_AT = 64;

/**
 * Looks in the shard that the present settings assign; if the entry is not there, in all shards that earlier settings
 * may have assigned.
 */
async function findEntry(
  workspace: string,
  entry: string,
  { entries, shards }: ReadEventDependencies,
): Promise<Entry | undefined> {
  const shard = shardOf(entry, shards[workspace] ?? 1);
  const found = (await entries.readEntries(workspace, [{ entry, shard }])).get(entry);
  if (found !== undefined) return found;
  const others = Array.from({ length: SHARDS_LOOKED_AT }, (_, other) => ({ entry, shard: other }));
  const elsewhere = others.filter((other) => other.shard !== shard);
  return (await entries.readEntries(workspace, elsewhere)).get(entry);
}

/** The position of the event in the journal; `undefined` if fan-out has not journalled it yet. */
async function positionOf(
  entry: { workspace: string; entry: string; recordedAt: string },
  position: number,
  journal: JournalStore,
): Promise<Position | undefined> {
  const first = await findPageAt(entry.workspace, entry.recordedAt, journal);
  if (first === undefined) return undefined;
  const near = await positionFrom(first, entry.entry, position, journal);
  if (near !== undefined) return near;
  // If fan-out was late, many pages of nearly the same time contain entries that were recorded long before.
  const recorded = await findPageRecordedAt(entry.workspace, entry.recordedAt, journal);
  return recorded && positionFrom(recorded, entry.entry, position, journal);
}

async function positionFrom(
  first: Page,
  entry: string,
  position: number,
  journal: JournalStore,
): Promise<Position | undefined> {
  const pages = await journal.readPagesFrom(first.workspace, first.page, PAGES_LOOKED_AT);
  for (const page of pages) {
    const start = indexOn(page, entry);
    if (start !== undefined) return { page: page.page, index: start + position };
  }
  return undefined;
}

function indexOn(page: Page, entry: string): number | undefined {
  let index = 0;
  for (const reference of page.entries) {
    if (reference.entry === entry) return index;
    index += reference.count;
  }
  return undefined;
}
