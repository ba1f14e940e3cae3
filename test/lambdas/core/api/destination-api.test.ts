import { describe, expect, it } from "vitest";
import {
  destinationChangeSchema,
  destinationRequestSchema,
} from "../../../../lambdas/core/api/destination-api.ts";

const URL = "https://siem.example.com/intake";
const DIRECTION = [
  0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069,
];

describe("a destination's name", () => {
  it.each(DIRECTION)("must not contain the text-direction character U+%s", (code) => {
    const name = `Acme ${String.fromCodePoint(code)}MEIS`;
    const created = destinationRequestSchema.safeParse({ name, url: URL });
    const changed = destinationChangeSchema.safeParse({ name });
    for (const { error } of [created, changed]) {
      expect(error?.issues[0]?.message).toContain("without control characters and marks of text direction");
    }
  });

  it("may use any script, including those written from right to left", () => {
    for (const name of ["سجل التدقيق", "יומן ביקורת", "監査ログ", "Журнал", "क्‍ष", "👩‍💻"]) {
      expect(destinationRequestSchema.safeParse({ name, url: URL }).success).toBe(true);
    }
  });
});
