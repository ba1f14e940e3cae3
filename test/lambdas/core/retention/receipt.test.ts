import { describe, expect, it } from "vitest";
import { nextPage } from "../../../../lambdas/core/journal/append-journal.ts";
import type { Page } from "../../../../lambdas/core/journal/page.ts";
import {
  EmptyPageError,
  endOf,
  endOfReceipt,
  endReceiptAt,
  growReceipt,
  openReceipt,
} from "../../../../lambdas/core/retention/receipt.ts";
import { journalRecord, storedEntry } from "../../../helpers/journal-records.ts";

/** Pages 1 to 5: two entries on each, of 2 and 3 events. */
const PAGES: Page[] = [];
for (let page = 1; page <= 5; page++) {
  const entries = [storedEntry(page * 10, { count: 2 }), storedEntry(page * 10 + 1, { count: 3 })];
  const records = entries.map((entry, index) => journalRecord(entry, page * 10 + index));
  PAGES.push(nextPage("ws_1", records, PAGES.at(-1), Date.UTC(2026, 10, 24)));
}
function pagesFrom(first: number, last: number): [Page, ...Page[]] {
  const [page, ...more] = PAGES.slice(first - 1, last);
  if (page === undefined) throw new Error("no page");
  return [page, ...more];
}

const nameOf = (entry: number): string => storedEntry(entry).entry;
const timeOf = (entry: number): string => storedEntry(entry).recordedAt;
const facts = {
  reason: "retention" as const,
  removedBefore: "2026-11-24T00:00:00.000Z",
  openedAt: "2026-12-24T02:17:00.000Z",
  owed: [{ destination: "dst_1", events: 2 }],
};
const opened = openReceipt(pagesFrom(2, 3), facts);

describe("a receipt", () => {
  it("says which pages and events it removes, and how the rest of the chain joins", () => {
    expect(opened).toEqual({
      ...facts,
      workspace: "ws_1",
      receipt: "rct_000000000002",
      state: "open",
      fromPage: 2,
      toPage: 3,
      events: 10,
      firstRecordedAt: timeOf(20),
      lastRecordedAt: timeOf(31),
      firstEntry: nameOf(20),
      lastEntry: nameOf(31),
      hashBefore: PAGES[0]?.hash,
      hashAfter: PAGES[2]?.hash,
    });
  });

  it("of a page whose place in the chain stays has a name of its own", () => {
    expect(openReceipt(pagesFrom(2, 2), { ...facts, keepsPage: true }).receipt).toBe("rct_000000000002_end");
  });

  it("that grows counts what it removes besides, and adds up what each destination did not get", () => {
    const more = {
      removedBefore: "2026-11-25T00:00:00.000Z",
      owed: [
        { destination: "dst_2", events: 4 },
        { destination: "dst_1", events: 5 },
      ],
    };
    expect(growReceipt(opened, pagesFrom(4, 5), more)).toEqual({
      ...opened,
      removedBefore: more.removedBefore,
      toPage: 5,
      events: 20,
      lastRecordedAt: timeOf(51),
      lastEntry: nameOf(51),
      hashAfter: PAGES[4]?.hash,
      owed: [
        { destination: "dst_1", events: 7 },
        { destination: "dst_2", events: 4 },
      ],
    });
  });

  it("never says that it removed less than it had said before", () => {
    const earlier = { removedBefore: "2026-11-23T00:00:00.000Z", owed: [] };
    expect(growReceipt(opened, pagesFrom(4, 4), earlier).removedBefore).toBe(facts.removedBefore);
  });

  it("that ends early covers nothing of the pages that stay", () => {
    const [page] = pagesFrom(2, 2);
    const ended = endReceiptAt(opened, endOf(page), PAGES[2]?.total ?? 0);
    expect(ended).toEqual({ ...openReceipt([page], facts), toPage: 2, events: 5 });
    expect(endOfReceipt(ended, page.total)).toEqual(endOf(page));
  });

  it("is not written for a page without entries, which somebody else must have put there", () => {
    const [page] = pagesFrom(2, 2);
    expect(() => openReceipt([{ ...page, entries: [] }], facts)).toThrow(EmptyPageError);
  });
});
