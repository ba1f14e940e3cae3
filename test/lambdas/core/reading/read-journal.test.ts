import { describe, expect, it } from "vitest";
import type { EntryReference } from "../../../../lambdas/core/entry/entry.ts";
import type { Page, Position } from "../../../../lambdas/core/journal/page.ts";
import {
  type EventQuery,
  MAX_EXAMINED_EVENTS,
  MAX_EXAMINED_PAGES,
  readEventsBack,
} from "../../../../lambdas/core/reading/read-journal.ts";

const SINCE = "2026-11-10T00:00:00.000Z";
const BEFORE = "2026-11-09T23:59:59.999Z";
const AFTER = "2026-11-10T00:00:00.001Z";

function reference(entry: string, recordedAt: string, count = 1): EntryReference {
  return { entry, shard: 0, recordedAt, count, bytes: 100 * count, expiresAt: 0, hash: "" };
}

function journalPage(number: number, at: string, entries: EntryReference[]): Page {
  return {
    workspace: "ws_1",
    page: number,
    at,
    seq: "",
    late: 0,
    total: 0,
    previousHash: "",
    hash: "",
    entries,
  };
}

/**
 * Serves these pages and counts the reads. An entry has as many events as its reference says, unless it is `absent`.
 */
function createReading(pages: readonly Page[], absent: (entry: string) => boolean = () => false) {
  const counts = { pages: 0, entries: 0 };
  return {
    counts,
    pageAt: async () => undefined,
    readPagesBack: async (_workspace: string, page: number | undefined, limit: number) => {
      const found = pages
        .filter((candidate) => page === undefined || candidate.page <= page)
        .toReversed()
        .slice(0, limit);
      counts.pages += found.length;
      return found;
    },
    readLines: async (_workspace: string, references: readonly EntryReference[]) => {
      counts.entries += references.length;
      return new Map(
        references
          .filter(({ entry }) => !absent(entry))
          .map(({ entry, count }) => [
            entry,
            Array.from({ length: count }, (_, position) =>
              JSON.stringify({
                id: `${entry}/${position}`,
                type: "pro.atmos.a.b",
                time: SINCE,
                data: { actor: { id: "usr_1" }, action: { category: "a", action: "b" } },
              }),
            ),
          ]),
      );
    },
  };
}

function query(changes: Partial<EventQuery> = {}): EventQuery {
  return {
    workspace: "ws_1",
    since: SINCE,
    until: undefined,
    filter: {},
    limit: 100,
    before: undefined,
    ...changes,
  };
}

describe("the window of a list", () => {
  it("may begin within a page whose entries were recorded before and after its start", async () => {
    const pages = [
      journalPage(1, AFTER, [reference("a", BEFORE), reference("b", SINCE), reference("c", AFTER)]),
    ];
    const { events, next } = await readEventsBack(query(), createReading(pages));
    expect({ ids: events.map(({ id }) => id), next }).toEqual({ ids: ["c/0", "b/0"], next: undefined });
  });

  it("leaves out entries that had expired when they were journalled, and shows those before them", async () => {
    const pages = [
      journalPage(1, AFTER, [reference("a", AFTER)]),
      journalPage(2, "2026-11-20T00:00:00.000Z", [reference("late", BEFORE)]),
      journalPage(3, "2026-11-20T00:00:00.000Z", [reference("c", AFTER)]),
    ];
    const { events } = await readEventsBack(query(), createReading(pages));
    expect(events.map(({ id }) => id)).toEqual(["c/0", "a/0"]);
  });
});

describe("one request for a list", () => {
  const readAll = async (pages: readonly Page[], reading: ReturnType<typeof createReading>) => {
    const ids: string[] = [];
    const reads: (typeof reading.counts)[] = [];
    let before: Position | undefined;
    do {
      reading.counts.pages = 0;
      reading.counts.entries = 0;
      const { events, next } = await readEventsBack(query({ before }), reading);
      ids.push(...events.map(({ id }) => id));
      reads.push({ ...reading.counts });
      before = next;
    } while (before !== undefined && reads.length <= pages.length);
    return { ids, reads };
  };

  it("counts removed entries as examined, and the next requests reach the events before them", async () => {
    const hundred = Array.from({ length: 100 }, (_, index) => `gone_${index}`);
    const removed = Array.from({ length: 50 }, (_, index) =>
      journalPage(
        index + 2,
        AFTER,
        hundred.map((entry) => reference(entry, AFTER)),
      ),
    );
    const pages = [journalPage(1, AFTER, [reference("left", AFTER)]), ...removed];
    const { ids, reads } = await readAll(
      pages,
      createReading(pages, (entry) => entry.startsWith("gone")),
    );
    expect(ids).toEqual(["left/0"]);
    expect(reads).toHaveLength(3);
    expect(Math.max(...reads.map(({ entries }) => entries))).toBeLessThanOrEqual(MAX_EXAMINED_EVENTS + 100);
  });

  it("stops at its limit of pages if none has visible events, and the next request continues there", async () => {
    const late = Array.from({ length: MAX_EXAMINED_PAGES + 500 }, (_, index) =>
      journalPage(index + 2, AFTER, [reference("late", BEFORE)]),
    );
    const pages = [journalPage(1, AFTER, [reference("left", AFTER)]), ...late];
    const { ids, reads } = await readAll(pages, createReading(pages));
    expect(ids).toEqual(["left/0"]);
    expect(reads).toHaveLength(2);
    expect(Math.max(...reads.map(({ pages: read }) => read))).toBeLessThanOrEqual(MAX_EXAMINED_PAGES + 4);
  });
});
