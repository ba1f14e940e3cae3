import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendToJournal } from "../../../../lambdas/core/journal/append-journal.ts";
import type { Entry } from "../../../../lambdas/core/entry/entry.ts";
import type { Page } from "../../../../lambdas/core/journal/page.ts";
import { pageHash } from "../../../../lambdas/core/journal/page-hash.ts";
import { openReceipt } from "../../../../lambdas/core/retention/receipt.ts";
import { verifyEntry, verifyJournal } from "../../../../lambdas/core/proof/verify-journal.ts";
import { createInMemoryEntries, createInMemoryJournal } from "../../../helpers/in-memory-stores.ts";
import { journalRecord, storedEntry } from "../../../helpers/journal-records.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const FACTS = { reason: "retention", removedBefore: "", openedAt: "", owed: [] } as const;

/** A journal of `count` pages of two entries each. */
async function journalOf(count: number): Promise<[Page, ...Page[]]> {
  const journal = createInMemoryJournal();
  const records = Array.from({ length: count * 2 }, (_, name) =>
    journalRecord(storedEntry(name, { count: 50 }), name),
  );
  await appendToJournal("ws_1", records, { journal, entries: createInMemoryEntries(), clock: () => NOW });
  return journal.pagesOf("ws_1") as [Page, ...Page[]];
}

/** Simulates an attacker who can write to the table but does not recompute the hashes of all later pages. */
function tamper(
  pages: readonly Page[],
  index: number,
  change: (page: Page) => Page,
  rehash: boolean,
): Page[] {
  return pages.map((page, at) => {
    if (at !== index) return page;
    const { hash, ...content } = change(page);
    return { ...content, hash: rehash ? pageHash(content) : hash };
  });
}

const receiptOf = (...pages: [Page, ...Page[]]) => openReceipt(pages, { ...FACTS, owed: [] });

describe("a journal", () => {
  it("has no findings if it is as it was written", async () => {
    expect(verifyJournal(await journalOf(5))).toStrictEqual([]);
    expect(verifyJournal([])).toStrictEqual([]);
  });

  it("has a gap if pages are missing", async () => {
    const pages = await journalOf(6);
    expect(verifyJournal(pages.filter(({ page }) => page !== 3 && page !== 4))).toStrictEqual([
      { kind: "hole", page: 3, toPage: 4 },
    ]);
    expect(verifyJournal(pages.slice(2))).toStrictEqual([{ kind: "hole", page: 1, toPage: 2 }]);
  });

  it("shows each kind of tampering at the page where it happened", async () => {
    const pages = await journalOf(4);
    const altered = tamper(pages, 1, (page) => ({ ...page, at: "2026-11-23T12:00:00.001Z" }), false);
    expect(verifyJournal(altered)).toContainEqual({ kind: "broken-hash", page: 2 });
    const rehashed = tamper(
      pages,
      1,
      (page) => ({ ...page, entries: page.entries.slice(1), total: page.total - 50 }),
      true,
    );
    expect(verifyJournal(rehashed)).toStrictEqual([
      { kind: "broken-link", page: 3 },
      { kind: "broken-count", page: 3 },
    ]);
    const doubled = tamper(pages, 3, (page) => ({ ...page, entries: pages[0].entries }), true);
    expect(verifyJournal(doubled).map(({ kind }) => kind)).toStrictEqual(["double-entry", "double-entry"]);
    const recordedAgain = tamper(
      pages,
      3,
      (page) => ({
        ...page,
        entries: pages[0].entries.map((entry) => ({ ...entry, recordedAt: "2026-11-23T11:00:00.000Z" })),
      }),
      true,
    );
    expect(verifyJournal(recordedAgain)).toStrictEqual([]);
    const backwards = tamper(pages, 3, (page) => ({ ...page, at: "2026-11-22T00:00:00.000Z" }), true);
    expect(verifyJournal(backwards)).toStrictEqual([{ kind: "out-of-order", page: 4 }]);
  });

  it("is broken by a change of any attribute of a page", async () => {
    const pages = await journalOf(3);
    const { hash: _hash, ...content } = pages[1]!;
    const [reference] = content.entries;
    const changes: Partial<Page>[] = [
      { workspace: "ws_2" },
      { at: "2027-01-01T00:00:00.000Z" },
      { seq: "z" },
      { late: 9 },
      { total: 1 },
      { previousHash: "00" },
      { entries: [] },
      ...Object.entries({
        entry: "ent_x",
        shard: 1,
        recordedAt: "x",
        count: 1,
        bytes: 1,
        expiresAt: 1,
        hash: "x",
        trace: "x",
        retentionInternal: true,
      }).map(([name, value]) => ({
        entries: [{ ...reference!, [name]: value }, ...content.entries.slice(1)],
      })),
    ];
    for (const change of changes) {
      expect(verifyJournal(tamper(pages, 1, (page) => ({ ...page, ...change }), false))).toContainEqual({
        kind: "broken-hash",
        page: 2,
      });
      expect(verifyJournal(tamper(pages, 1, (page) => ({ ...page, ...change }), true))).not.toStrictEqual([]);
    }
  });
});

describe("receipts", () => {
  it("explain only the pages that a purge removed", async () => {
    const pages = await journalOf(7);
    const [one, two, three, ...rest] = pages as [Page, Page, Page, ...Page[]];
    const receipts = [receiptOf(three), receiptOf(one, two)];
    expect(verifyJournal(rest, receipts)).toStrictEqual([]);
    expect(verifyJournal(rest.slice(1), receipts)).toStrictEqual([{ kind: "hole", page: 4, toPage: 4 }]);
    expect(verifyJournal(rest, [receiptOf(one, two)])).toStrictEqual([{ kind: "hole", page: 3, toPage: 3 }]);
  });

  it("that do not match the hash chain or the number of events are reported", async () => {
    const [one, two, ...rest] = (await journalOf(4)) as [Page, Page, ...Page[]];
    expect(verifyJournal(rest, [receiptOf(one), { ...receiptOf(two), hashBefore: "00" }])).toStrictEqual([
      { kind: "broken-receipt", page: 2, toPage: 2 },
    ]);
    expect(verifyJournal(rest, [{ ...receiptOf(one, two), events: 199 }])).toStrictEqual([
      { kind: "broken-count", page: 3 },
    ]);
  });

  it("that are open allow their pages to be removed one by one", async () => {
    const pages = await journalOf(5);
    const [one, two, three] = pages as [Page, Page, Page, ...Page[]];
    const receipts = [receiptOf(one, two, three)];
    for (let gone = 0; gone <= 3; gone++)
      expect(verifyJournal(pages.slice(gone), receipts)).toStrictEqual([]);
  });

  it("that are closed are reported if they cover a page that exists, whatever else they explain", async () => {
    const pages = await journalOf(5);
    const [one, two, three, ...rest] = pages as [Page, Page, Page, ...Page[]];
    const closed = { ...receiptOf(one, two), state: "closed" as const };
    expect(verifyJournal([three, ...rest], [closed])).toStrictEqual([]);
    for (const toPage of [3, 4]) {
      expect(verifyJournal([three, ...rest], [{ ...closed, toPage }])).toContainEqual({
        kind: "broken-receipt",
        page: 1,
        toPage,
      });
    }
    // Valid if the oldest pages are missing, because a purge removes these first.
    expect(verifyJournal([one, ...rest], [{ ...receiptOf(two, three), state: "closed" }])).toStrictEqual([
      { kind: "broken-receipt", page: 2, toPage: 3 },
    ]);
    expect(verifyJournal(pages, [{ ...closed, keepsPage: true }])).toStrictEqual([]);
  });

  it("verify the remaining pages, however many pages each receipt covers", async () => {
    const all = await journalOf(12);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), (lengths) => {
        const pages = [...all];
        const receipts = lengths.flatMap((length) => {
          const [first, ...more] = pages.splice(0, Math.min(length, pages.length - 1));
          return first === undefined ? [] : [receiptOf(first, ...more)];
        });
        expect(verifyJournal(pages, receipts)).toStrictEqual([]);
      }),
    );
  });
});

describe("a stored entry", () => {
  const entry = storedEntry(1, { count: 2 });
  const { reference } = journalRecord(entry, 1);
  const found = (stored: Entry | undefined, mayBeGone = false) =>
    verifyEntry(4, reference, stored, mayBeGone)?.kind;

  it("is compared with what its page says", () => {
    expect(found(entry)).toBeUndefined();
    expect(found({ ...entry, body: new TextEncoder().encode("{}") })).toBe("altered-entry");
    expect(found({ ...entry, encoding: "zstd" })).toBe("altered-entry");
  });

  it("may be missing if retention explains it", () => {
    expect(found(undefined)).toBe("missing-entry");
    expect(found(undefined, true)).toBeUndefined();
    expect(found({ ...entry, body: new TextEncoder().encode("{}") }, true)).toBe("altered-entry");
  });
});
