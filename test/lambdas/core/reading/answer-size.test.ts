import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesInAnswer, fitting, MAX_ANSWER_BYTES } from "../../../../lambdas/core/reading/answer-size.ts";

/** The size that Lambda measures. */
const measured = (body: string): number => Buffer.byteLength(JSON.stringify({ statusCode: 200, body }));
const LAMBDA_BYTES = 6_291_556;

const item = fc.record({
  sign: fc.constantFrom("x", '"', "\\", "\u0001", "é", "\ud800", "😀"),
  length: fc.integer({ min: 0, max: 400_000 }),
});

describe("the items of a response", () => {
  it("are as many from the first on as fit into Lambda's limit, and at least one", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 40 }), (shapes) => {
        const items = shapes.map(({ sign, length }) => sign.repeat(length / sign.length));
        const kept = fitting(items);
        expect(kept).toEqual(items.slice(0, kept.length));
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(1, items.length));
        const size = (some: readonly string[]): number =>
          measured(JSON.stringify({ items: some, nextCursor: null }));
        expect(kept.length < 2 || size(kept) < LAMBDA_BYTES).toBe(true);
        const isAll = kept.length === items.length;
        expect(isAll || size(items.slice(0, kept.length + 1)) > MAX_ANSWER_BYTES).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("are measured as escaped inside a JSON string", () => {
    expect(bytesInAnswer('"\\\u0001é')).toBe(2 + 2 + 2 + 6 + 2);
  });
});
