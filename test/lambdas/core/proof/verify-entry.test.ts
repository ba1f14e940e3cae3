import { expect, it } from "vitest";
import { verifyEntry } from "../../../../lambdas/core/proof/verify-journal.ts";
import { journalRecord, storedEntry } from "../../../helpers/journal-records.ts";

it("an entry whose length differs from that on its page is altered, even if its hash is right", () => {
  const entry = storedEntry(1, { count: 2 });
  const { reference } = journalRecord(entry, 1);
  expect(verifyEntry(4, reference, entry, false)).toBeUndefined();
  for (const bytes of [reference.bytes - 1, reference.bytes + 1, 0]) {
    expect(verifyEntry(4, { ...reference, bytes }, entry, false)).toEqual({
      kind: "altered-entry",
      page: 4,
      entry: reference.entry,
    });
  }
});
