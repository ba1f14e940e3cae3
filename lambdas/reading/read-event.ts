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
  /** The deliveries that held the event, as far as they were looked for. */
  deliveriesOf(workspace: string, event: DeliveredEvent): Promise<EventDeliveries>;
  plans: Plans;
  clock: Clock;
  /** Number of shards of the giants, by workspace. */
  shards: Readonly<Record<string, number>>;
}

/** An entry is on the first page whose time reaches it, or soon after: posts at the same time may pass each other by. */
const PAGES_LOOKED_AT = 20;

/** `GET …/events/{id}`: the id leads straight to the entry; its deliveries by its place in the journal. */
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

/** The most shards that a workspace may have had; one BatchGetItem takes 100 keys. */
const SHARDS_LOOKED_AT = 64;

/** In the shard that the settings of now give it; where it is not, in any that those of its time may have given. */
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

/** Where the journal holds the event; `undefined` while fan-out has not put it there. */
async function positionOf(
  entry: { workspace: string; entry: string; recordedAt: string },
  position: number,
  journal: JournalStore,
): Promise<Position | undefined> {
  const first = await findPageAt(entry.workspace, entry.recordedAt, journal);
  if (first === undefined) return undefined;
  const near = await positionFrom(first, entry.entry, position, journal);
  if (near !== undefined) return near;
  // Where fan-out was late, many pages of one time hold what was recorded long before.
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
