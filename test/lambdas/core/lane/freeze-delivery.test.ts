import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkOf,
  compareWithPending,
  type BatchSelection,
  type SelectionRules,
  extendSelection,
  type LoadedPage,
  startSelection,
} from "../../../../lambdas/core/lane/batch.ts";
import { DELIVERY_MAX_BYTES } from "../../../../lambdas/core/formats/format.ts";
import { formatOf } from "../../../../lambdas/core/formats/known-formats.ts";
import { eventId } from "../../../../lambdas/core/base/ids.ts";
import type { PendingBatch } from "../../../../lambdas/core/lane/state.ts";
import { comparePositions, type Page, type Position } from "../../../../lambdas/core/journal/page.ts";

const BATCH = formatOf("cloudevents-batch");
const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const RULES: SelectionRules = {
  destination: "dst_1",
  eventTypes: [],
  eventTypePrefix: "pro.atmos",
  visibleSince: "2026-01-01T00:00:00.000Z",
  now: NOW,
  maxEvents: 100,
  maxBytes: BATCH.limits.bytes - BATCH.size.frame,
  sizeOf: BATCH.size.event,
};

interface EntryPlan {
  types: string[];
  recordedAt?: string;
  isGone?: boolean;
  expiresAt?: number;
  padding?: number;
}

/** Pages as planned; the `n`-th entry of all is called after its number. */
function pagesOf(plans: EntryPlan[][]): LoadedPage[] {
  let name = 0;
  let total = 0;
  return plans.map((entries, index) => {
    const events = new Map<string, readonly Uint8Array[] | "absent">();
    const references = entries.map(
      ({ types, recordedAt = "2026-11-23T11:00:00.000Z", isGone = false, expiresAt = NOW, padding = 0 }) => {
        const entry = `ent_${String(++name).padStart(26, "0")}`;
        const lines = types.map((type, place) =>
          Buffer.from(
            JSON.stringify({ id: eventId(entry, place), type, subject: "dst_1", pad: "x".repeat(padding) }),
          ),
        );
        events.set(entry, isGone ? "absent" : lines);
        total += types.length;
        return { entry, shard: 0, recordedAt, count: types.length, bytes: 1, expiresAt, hash: "" };
      },
    );
    const page: Page = {
      workspace: "ws_1",
      page: index + 1,
      at: "",
      seq: "",
      late: 0,
      total,
      previousHash: "",
      hash: "",
      entries: references,
    };
    return { page, events };
  });
}

function select(
  pages: LoadedPage[],
  rules: Partial<SelectionRules> = {},
  from: Position = { page: 1, index: 0 },
): BatchSelection {
  let result = startSelection(from);
  for (const loaded of pages.filter(({ page }) => page.page >= from.page)) {
    if (result.isComplete) break;
    result = extendSelection(result, loaded, { ...RULES, ...rules });
  }
  return result;
}

const plan = fc.record({
  types: fc.array(fc.constantFrom("pro.atmos.a.x", "pro.atmos.b.x", "pro.atmos.webhook.delivery_failing"), {
    minLength: 1,
    maxLength: 6,
  }),
  recordedAt: fc.constantFrom("2025-06-01T00:00:00.000Z", "2026-11-23T11:00:00.000Z"),
});
const plans = fc.array(fc.array(plan, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });
const filters = fc.constantFrom([], ["pro.atmos.a.*"], ["pro.atmos.b.x"]);

describe("the selections of a journal, one after the other", () => {
  it("take every event that is wanted and visible once, in order, and nothing else", () => {
    fc.assert(
      fc.property(plans, filters, fc.integer({ min: 1, max: 7 }), (planned, eventTypes, maxEvents) => {
        const pages = pagesOf(planned);
        const taken: string[] = [];
        let cursor: Position = { page: 1, index: 0 };
        for (;;) {
          const next = select(pages, { eventTypes, maxEvents }, cursor);
          expect(next.ids.length).toBeLessThanOrEqual(maxEvents);
          taken.push(...next.ids);
          if (comparePositions(next.end, cursor) === 0) break;
          cursor = next.end;
        }
        expect(cursor).toEqual({ page: pages.length + 1, index: 0 });
        expect(taken).toEqual(expectedOf(planned, eventTypes));
      }),
    );
  });

  it("are the same again when put together up to their end", () => {
    fc.assert(
      fc.property(plans, filters, fc.integer({ min: 1, max: 7 }), (planned, eventTypes, maxEvents) => {
        const pages = pagesOf(planned);
        const first = select(pages, { eventTypes, maxEvents });
        const again = select(pages, { eventTypes, maxEvents: Number.MAX_SAFE_INTEGER, stop: first.end });
        expect(compareWithPending(again, pendingOf(first))).toBe("same");
        expect(again.lines).toEqual(first.lines);
      }),
    );
  });
});

function expectedOf(planned: EntryPlan[][], eventTypes: readonly string[]): string[] {
  let name = 0;
  return planned.flat().flatMap(({ types, recordedAt = "" }) => {
    const entry = `ent_${String(++name).padStart(26, "0")}`;
    return types.flatMap((type, place) => {
      const isWanted =
        eventTypes.length === 0 || eventTypes.some((wanted) => type.startsWith(wanted.replace("*", "")));
      const isOwn = type.includes("delivery_failing");
      return recordedAt >= RULES.visibleSince && isWanted && !isOwn ? [eventId(entry, place)] : [];
    });
  });
}

function pendingOf({ ids, end }: BatchSelection): PendingBatch {
  return {
    id: "whd_1",
    selectedAt: "",
    isSkipRequested: false,
    format: "cloudevents-batch",
    contentVersion: 1,
    end,
    count: ids.length,
    check: checkOf(ids),
  };
}

describe("a selection", () => {
  const type = "pro.atmos.a.x";

  it("stops before 900 kB, and takes a large event alone", () => {
    const pages = pagesOf([Array.from({ length: 40 }, () => ({ types: [type], padding: 64_000 }))]);
    const next = select(pages);
    expect(next.ids).toHaveLength(14);
    const body = BATCH.encode(next.lines);
    expect(body.byteLength).toBeLessThanOrEqual(DELIVERY_MAX_BYTES);
    expect(JSON.parse(Buffer.from(body).toString())).toHaveLength(14);
    expect(select(pagesOf([[{ types: [type], padding: 1_000_000 }]])).ids).toHaveLength(1);
  });

  it("passes an entry that is gone when its page says that it was due to expire, and fails otherwise", () => {
    const due = { types: [type], isGone: true, expiresAt: NOW / 1000 };
    expect(select(pagesOf([[due, { types: [type] }]])).ids).toHaveLength(1);
    const early = { types: [type], isGone: true, expiresAt: NOW / 1000 + 1 };
    expect(() => select(pagesOf([[early]]))).toThrow("missing although it has not expired");
  });

  it("takes an entry whose expiry was put off", () => {
    expect(select(pagesOf([[{ types: [type], expiresAt: 1 }]])).ids).toHaveLength(1);
  });

  it("goes over pages that were purged", () => {
    const pages = pagesOf([[{ types: [type] }], [{ types: [type] }], [{ types: [type] }]]).slice(2);
    expect(select(pages)).toMatchObject({
      ids: [eventId(`ent_${"3".padStart(26, "0")}`, 0)],
      end: { page: 4, index: 0 },
    });
  });

  it("is another one when something expired or was added", () => {
    const pending = pendingOf(select(pagesOf([[{ types: [type, type] }]])));
    expect(compareWithPending(select(pagesOf([[{ types: [type] }]])), pending)).toBe("expired");
    expect(compareWithPending(select(pagesOf([[{ types: [type, type, type] }]])), pending)).toBe("recut");
  });
});

describe("a body", () => {
  it("is the recorded bytes between brackets and commas, or one event as it is", () => {
    const lines = ['{ "odd" :1.0}', '{"é":"\\u00e9"}'].map((line) => Buffer.from(line));
    expect(Buffer.from(BATCH.encode(lines)).toString()).toBe('[{ "odd" :1.0},{"é":"\\u00e9"}]');
    expect(Buffer.from(formatOf("cloudevents-structured").encode(lines.slice(0, 1))).toString()).toBe(
      '{ "odd" :1.0}',
    );
  });
});
