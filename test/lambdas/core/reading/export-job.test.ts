import { beforeEach, describe, expect, it } from "vitest";
import type { EntryReference } from "../../../../lambdas/core/entry/entry.ts";
import { MAX_DIRECT_EXPORT_PAGES } from "../../../../lambdas/core/reading/export-job.ts";
import {
  type ExportRange,
  type PartRequest,
  readPart,
} from "../../../../lambdas/core/reading/export-part.ts";
import type { Page } from "../../../../lambdas/core/journal/page.ts";
import { exportDirectly } from "../../../../lambdas/reading/export-events-directly.ts";
import { workspaceRow } from "../../../helpers/in-memory-stores.ts";

const MINUTE_MS = 60_000;
const START = Date.parse("2026-11-10T00:00:00.000Z");
const minute = (number: number): string => new Date(START + number * MINUTE_MS).toISOString();

/** Page `number` with one entry of `count` events, recorded at that minute. */
function journalPage(number: number, count = 1): Page {
  const reference = {
    entry: `ent_${number}`,
    shard: 0,
    recordedAt: minute(number),
    count,
    bytes: 500 * count,
  };
  return {
    workspace: "ws_1",
    page: number,
    at: minute(number),
    seq: "",
    late: 0,
    total: 0,
    previousHash: "",
    hash: "",
    entries: [{ ...reference, expiresAt: 0, hash: "" }],
  };
}

const lineOf = (entry: string, position: number): string =>
  JSON.stringify({
    id: `${entry}/${position}`,
    type: "pro.atmos.a.b",
    time: minute(0),
    data: { actor: { id: "usr_1" }, action: { category: "a", action: "b" } },
  });

let pages: Page[];
let absent: Set<string>;
let reads: { pages: number[]; entries: number[] };

const reading = {
  readPagesFrom: async (_workspace: string, page: number, limit: number) => {
    const found = pages.filter((candidate) => candidate.page >= page).slice(0, limit);
    reads.pages.push(...found.map((candidate) => candidate.page));
    return found;
  },
  readLines: async (_workspace: string, references: readonly EntryReference[]) => {
    reads.entries.push(references.length);
    return new Map(
      references
        .filter(({ entry }) => !absent.has(entry))
        .map(({ entry, count }) => [
          entry,
          Array.from({ length: count }, (_, position) => lineOf(entry, position)),
        ]),
    );
  },
};

function request(range: Partial<ExportRange> = {}, changes: Partial<PartRequest> = {}): PartRequest {
  return {
    range: {
      workspace: "ws_1",
      since: minute(0),
      until: undefined,
      next: { page: 1, index: 0 },
      end: undefined,
      ...range,
    },
    format: "ndjson",
    filter: {},
    maxBytes: 5_000_000,
    maxPages: Number.POSITIVE_INFINITY,
    mayShare: () => true,
    hasTime: () => true,
    ...changes,
  };
}

const idsOf = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line).id);

beforeEach(() => {
  pages = Array.from({ length: 200 }, (_, index) => journalPage(index + 1));
  absent = new Set();
  reads = { pages: [], entries: [] };
});

describe("a part of an export", () => {
  it("reads the entries of many pages together", async () => {
    const { events, text } = await readPart(request(), reading);
    expect({ events, ids: new Set(idsOf(text)).size }).toEqual({ events: 200, ids: 200 });
    expect(reads.entries).toHaveLength(10);
  });

  it("stops reading at the first page after which no entry can lie within its window", async () => {
    const { text, next } = await readPart(request({ until: minute(5), lastRecordedAt: minute(6) }), reading);
    expect(idsOf(text)).toEqual(["ent_1/0", "ent_2/0", "ent_3/0", "ent_4/0"]);
    expect(next).toBeUndefined();
    expect(Math.max(...reads.pages)).toBe(20);
  });

  it("reads up to the end of its job, where late entries may be journalled, and not past it", async () => {
    pages[149] = { ...journalPage(150), entries: [{ ...journalPage(3).entries[0]!, entry: "late" }] };
    const { text } = await readPart(request({ until: minute(3.5), end: { page: 151, index: 0 } }), reading);
    expect(idsOf(text)).toEqual(["ent_1/0", "ent_2/0", "ent_3/0", "late/0"]);
    expect(Math.max(...reads.pages)).toBe(160);
  });

  it("continues in the middle of an entry where the part before ended", async () => {
    pages = [journalPage(1, 3), journalPage(2, 3)];
    const ids: string[] = [];
    let next: ExportRange["next"] | undefined = { page: 1, index: 0 };
    while (next !== undefined) {
      const part: Awaited<ReturnType<typeof readPart>> = await readPart(
        request({ next }, { maxBytes: 200 }),
        reading,
      );
      ids.push(...idsOf(part.text));
      next = part.next;
    }
    expect(ids).toEqual(["ent_1/0", "ent_1/1", "ent_1/2", "ent_2/0", "ent_2/1", "ent_2/2"]);
  });

  it("ends at its limit of pages even if none of them has events left", async () => {
    for (const page of pages) absent.add(page.entries[0]!.entry);
    const { events, next } = await readPart(request({}, { maxPages: 100 }), reading);
    expect({ events, next }).toEqual({ events: 0, next: { page: 101, index: 0 } });
    expect(reads.pages).toHaveLength(100);
  });

  it("checks the remaining time even while it finds no events", async () => {
    for (const page of pages) absent.add(page.entries[0]!.entry);
    const { events, next } = await readPart(request({}, { hasTime: () => false }), reading);
    expect({ events, next }).toEqual({ events: 0, next: { page: 21, index: 0 } });
  });
});

describe("a direct export", () => {
  const ask = async (query: Record<string, string>) => {
    const journal = {
      newestPage: async () => pages.at(-1),
      oldestPage: async () => pages[0],
      readPage: async (_workspace: string, number: number) => pages.find(({ page }) => page === number),
      readPagesBack: async () => [],
    };
    return exportDirectly(workspaceRow("ws_1"), { query } as never, {
      reading: { ...reading, ...journal },
      plans: { enterprise: { retentionDays: 7, forwarding: true, maxDestinations: 10 } },
      clock: () => START + 300 * MINUTE_MS,
    });
  };

  it("stops after its window, however long the journal is", async () => {
    expect(await ask({ format: "ndjson", to: minute(5) })).toMatchObject({ statusCode: 200 });
    expect(Math.max(...reads.pages)).toBe(20);
  });

  it("is refused if it would read too many pages, however few events they hold", async () => {
    pages = Array.from({ length: MAX_DIRECT_EXPORT_PAGES + 40 }, (_, index) => ({
      ...journalPage(index + 1),
      at: minute(6),
    }));
    for (const page of pages) absent.add(page.entries[0]!.entry);
    expect(await ask({ format: "ndjson" })).toMatchObject({ kind: "export-too-large", status: 413 });
    expect(reads.pages).toHaveLength(MAX_DIRECT_EXPORT_PAGES);
  });
});
