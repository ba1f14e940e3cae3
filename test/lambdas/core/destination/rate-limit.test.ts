import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RateWindow, takeTurn } from "../../../../lambdas/core/destination/rate-limit.ts";

const LIMIT = { name: "test", most: 3, windowMs: 60_000 };

describe("a rate limit", () => {
  it("never exceeds the limit in any window, and always allows an action after the time that it named", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40_000), { minLength: 1, maxLength: 60 }), (pauses) => {
        const allowed: number[] = [];
        const afterWaiting: string[] = [];
        let row: RateWindow | undefined;
        let now = 1_000_000;
        for (const pause of pauses) {
          now += pause;
          const verdict = takeTurn("ws_1", row, LIMIT, now);
          if (verdict.kind === "refused") {
            const later = takeTurn("ws_1", row, LIMIT, now + verdict.retryAfterSeconds * 1000);
            afterWaiting.push(later.kind);
            continue;
          }
          row = verdict.row;
          allowed.push(now);
        }
        expect(afterWaiting).not.toContain("refused");
        for (const [index, first] of allowed.entries()) {
          const fourth = allowed[index + LIMIT.most] ?? Number.POSITIVE_INFINITY;
          expect(fourth - first).toBeGreaterThanOrEqual(LIMIT.windowMs);
        }
      }),
    );
  });

  it("keeps a row only as long as it affects the limit", () => {
    const verdict = takeTurn("ws_1", undefined, LIMIT, 1_000_000);
    expect(verdict).toMatchObject({ kind: "allowed", row: { times: [1_000_000], expiresAt: 4660 } });
  });
});
