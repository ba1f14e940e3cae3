import { beforeEach, describe, expect, it } from "vitest";
import { appendToJournal, JournalContendedError } from "../../../../lambdas/core/journal/append-journal.ts";
import type { JournalRecord } from "../../../../lambdas/core/journal/find-in-journal.ts";
import {
  createInMemoryEntries,
  createInMemoryJournal,
  type InMemoryJournal,
} from "../../../helpers/in-memory-stores.ts";
import { journalRecord, storedEntry } from "../../../helpers/journal-records.ts";

/** Records of so many events each. */
const recordsOf = (...counts: number[]): JournalRecord[] =>
  counts.map((count, index) => journalRecord(storedEntry(index + 1, { count }), index + 1));

let journal: InMemoryJournal;
let puts: number[];
const append = (records: readonly JournalRecord[]) =>
  appendToJournal("ws_1", records, { journal, entries: createInMemoryEntries(), clock: () => 0 });

beforeEach(() => {
  journal = createInMemoryJournal();
  puts = [];
  const { putPage } = journal;
  journal.putPage = async (page) => {
    puts.push(page.page);
    return putPage(page);
  };
});

describe("appending to a journal", () => {
  it("puts one page after the other and reports how many pages and events there are", async () => {
    expect(await append(recordsOf(100, 60, 40, 50))).toEqual({ pages: 3, events: 250 });
    expect(puts).toEqual([1, 2, 3]);
    expect(await append(recordsOf(100, 60, 40, 50, 7))).toEqual({ pages: 1, events: 7 });
    expect(journal.pagesOf("ws_1").map(({ total }) => total)).toEqual([100, 200, 250, 257]);
  });

  it("puts nothing when every record is there, and a record that comes twice once", async () => {
    const records = recordsOf(1, 2);
    expect(await append([...records, ...records])).toEqual({ pages: 1, events: 3 });
    expect(await append(records)).toEqual({ pages: 0, events: 0 });
    expect(puts).toEqual([1]);
  });

  it("fails when other writers always come first, so that the stream delivers the records again", async () => {
    journal.putPage = async () => "exists";
    await expect(append(recordsOf(1))).rejects.toThrow(JournalContendedError);
  });
});
