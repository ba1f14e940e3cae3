import { describe, expect, it } from "vitest";
import { maskSecrets } from "../../../../lambdas/core/delivery/mask-secrets.ts";

const SECRET = 'tök"en/+value=';

describe("a known secret in what a receiver says", () => {
  it.each([
    ["as it is", `You sent ${SECRET}!`],
    ["in JSON", JSON.stringify({ got: SECRET })],
    ["in a URL", `https://example.com/?t=${encodeURIComponent(SECRET)}`],
    ["in base64", Buffer.from(SECRET).toString("base64")],
    ["in base64 of more", Buffer.from(`1:${SECRET}:2`).toString("base64")],
    ["in base64url of more", Buffer.from(`12:${SECRET}`).toString("base64url")],
    ["in hexadecimal", Buffer.from(SECRET).toString("hex")],
    ["cut at the end", `You sent ${SECRET.slice(0, 6)}`],
  ])("is masked %s", (_, text) => {
    const masked = maskSecrets(text, [SECRET]);
    expect(masked).toHaveLength(text.length);
    expect(masked).toContain("****");
    expect(masked).not.toContain("tök");
    expect(masked).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 6));
  });

  it("is masked by its runs of letters and digits, however the signs between them are escaped", () => {
    const masked = maskSecrets("key&#43;0123456789abcdef&lt;&gt;key%2b0123456789abcdef%3c", [
      "key+0123456789abcdef<>",
    ]);
    expect(masked).toBe(`key&#43;${"*".repeat(16)}&lt;&gt;key%2b${"*".repeat(16)}%3c`);
  });

  it("is masked without the scheme before it and without the prefix of a signing secret", () => {
    expect(maskSecrets("abcdef123 and MDEyMzQ1Njc4", ["Bearer abcdef123", "whsec_MDEyMzQ1Njc4"])).toBe(
      "********* and ************",
    );
  });

  it("is masked where it contains another, and only where it is", () => {
    expect(maskSecrets("abcd abcdef abc", ["abcd", "abcdef"])).toBe("**** ****** abc");
    expect(maskSecrets("ok, 1 event", ["1", "ok"])).toBe("ok, 1 event");
  });
});
