import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeHeaders } from "../../../../lambdas/core/destination/merge-headers.ts";

const KEPT = "[redacted]";

describe("merging headers", () => {
  it("sets, keeps, removes and leaves headers, ignoring the case of names", () => {
    const current = { "X-A": "1", "X-B": "2", "X-C": "3", "X-D": "4" };
    expect(mergeHeaders(current, { "x-a": "5", "X-B": KEPT, "x-c": null, "X-E": "6" }, KEPT)).toEqual({
      ok: true,
      headers: { "x-a": "5", "X-B": "2", "X-D": "4", "X-E": "6" },
    });
  });

  it("refuses to keep a header that does not exist", () => {
    expect(mergeHeaders({}, { "X-A": KEPT }, KEPT)).toEqual({ ok: false, name: "X-A" });
  });

  it("removes all headers with null, and none with an empty change", () => {
    expect(mergeHeaders({ "X-A": "1" }, null, KEPT)).toEqual({ ok: true, headers: {} });
    expect(mergeHeaders({ "X-A": "1" }, {}, KEPT)).toEqual({ ok: true, headers: { "X-A": "1" } });
  });

  it("never creates two names that differ only in case", () => {
    const name = fc.constantFrom("X-A", "x-a", "X-B", "x-b", "X-c");
    const change = fc.dictionary(name, fc.option(fc.string(), { nil: null }));
    fc.assert(
      fc.property(change, change, (first, second) => {
        const one = mergeHeaders({}, first, KEPT);
        fc.pre(one.ok);
        const two = mergeHeaders(one.ok ? one.headers : {}, second, KEPT);
        fc.pre(two.ok);
        const names = Object.keys(two.ok ? two.headers : {}).map((key) => key.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});
