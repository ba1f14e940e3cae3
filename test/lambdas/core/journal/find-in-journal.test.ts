import { describe, expect, it } from "vitest";
import { nextPage } from "../../../../lambdas/core/journal/append-journal.ts";
import { findRecord } from "../../../../lambdas/core/journal/find-in-journal.ts";
import type { Page } from "../../../../lambdas/core/journal/page.ts";
import { journalRecord, storedEntry } from "../../../helpers/journal-records.ts";

/** Pages 1 to 8 of one record each. The record of page 5 came late: its position lies before all others. */
const PAGES: Page[] = [];
for (let page = 1; page <= 8; page++) {
  const record = journalRecord(storedEntry(page), page === 5 ? 1 : page * 10);
  PAGES.push(nextPage("ws_1", [record], PAGES.at(-1), Date.UTC(2026, 10, 24)));
}
const late = journalRecord(storedEntry(5), 1);
const unknown = journalRecord(storedEntry(9), 2);

/** Looks for a record while a purge removes these pages. */
function find(record: typeof late, ...purged: number[]): Promise<string> {
  const read = async (page: number) => (purged.includes(page) ? undefined : PAGES[page - 1]);
  return findRecord(record, { newest: PAGES.at(-1), read });
}

describe("a record that is delivered again", () => {
  it("is found on its page, also when it had come late", async () => {
    expect(await find(late)).toBe("journalled");
    expect(await find(journalRecord(storedEntry(3), 30))).toBe("journalled");
  });

  it("is new when no page has it, and when it lies behind the newest page", async () => {
    expect(await find(unknown)).toBe("new");
    expect(await find(journalRecord(storedEntry(9), 81))).toBe("new");
  });

  it.each([
    ["the page of the late records", [5]],
    ["the page before it", [4, 3, 2, 1]],
    ["every page but the newest", [1, 2, 3, 4, 5, 6, 7]],
  ])(
    "may have been on a page that is gone when a purge removes %s during the search",
    async (_what, purged) => {
      expect(await find(unknown, ...purged)).toBe("purged");
    },
  );
});
