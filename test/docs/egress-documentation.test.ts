import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EGRESS_RULES } from "../../lambdas/core/egress/egress-rules.ts";
import { INTERNAL_DOMAINS } from "../../lambdas/core/egress/internal-domains.ts";
import { RESERVED_HEADERS } from "../../lambdas/core/destination/reserved-headers.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/security.md"), "utf8");

describe("docs/security.md", () => {
  it("lists every rule of the guard with its sentence", () => {
    const missing = Object.entries(EGRESS_RULES).filter(
      ([rule, text]) => !page.includes(`\`${rule}\``) || !page.includes(text),
    );
    expect(missing).toEqual([]);
  });

  it("lists every reserved header with the reason of its group, and every internal domain", () => {
    const headers = RESERVED_HEADERS.flatMap(({ names, reason }) => [
      ...names.map((name) => `\`${name}\``),
      reason,
    ]);
    const domains = Object.keys(INTERNAL_DOMAINS).map((domain) => `\`.${domain}\``);
    expect([...headers, ...domains].filter((text) => !page.includes(text))).toEqual([]);
  });
});
