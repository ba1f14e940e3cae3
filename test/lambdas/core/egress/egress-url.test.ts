import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EGRESS_RULES } from "../../../../lambdas/core/egress/egress-rules.ts";
import { checkUrl } from "../../../../lambdas/core/egress/egress-url.ts";
import { HOSTILE_URLS } from "../../../helpers/hostile-urls.ts";
import { LEGITIMATE_URLS } from "../../../helpers/legitimate-urls.ts";

const deployed = { loopback: false };
const local = { loopback: true };
const ruleOf = (url: string, allowance = deployed): string => {
  const verdict = checkUrl(url, allowance);
  return verdict.kind === "refused" ? verdict.rule : "allowed";
};

describe("a URL that leads to a private network or is malformed", () => {
  it("is represented by a corpus of at least 200 such URLs and 50 legitimate ones", () => {
    expect(new Set(HOSTILE_URLS.map(([, url]) => url)).size).toBeGreaterThanOrEqual(200);
    expect(new Set(LEGITIMATE_URLS.map(([url]) => url)).size).toBeGreaterThanOrEqual(50);
  });

  it("is refused by the rule that applies to it", () => {
    const got = HOSTILE_URLS.map(([, url]) => [ruleOf(url), url]);
    expect(got).toEqual(HOSTILE_URLS.map(([rule, url]) => [rule, url]));
  });

  it("is also refused in local mode", () => {
    const passed = HOSTILE_URLS.filter(([, url]) => ruleOf(url, local) === "allowed");
    expect(passed).toEqual([]);
  });

  it("is refused with a fixed sentence that quotes no part of the URL", () => {
    for (const [rule, url] of HOSTILE_URLS) {
      const verdict = checkUrl(url, deployed);
      expect(verdict).toEqual({ kind: "refused", rule, detail: EGRESS_RULES[rule] });
    }
  });
});

describe("a legitimate URL of a receiver", () => {
  it("is allowed, with the host and port to connect to", () => {
    const got = LEGITIMATE_URLS.map(([url]) => {
      const verdict = checkUrl(url, deployed);
      return verdict.kind === "allowed"
        ? [url, verdict.host, verdict.hostIs, verdict.port]
        : [url, verdict.rule];
    });
    const kindOf = (host: string): string => (isIP(host) === 0 ? "name" : "address");
    expect(got).toEqual(LEGITIMATE_URLS.map(([url, host, port = 443]) => [url, host, kindOf(host), port]));
  });

  it("gets the same verdict after normalisation", () => {
    for (const [url] of LEGITIMATE_URLS) {
      const first = checkUrl(url, deployed);
      expect(first.kind === "allowed" && checkUrl(first.url, deployed)).toEqual(first);
    }
  });

  it("keeps its path and query as the request target", () => {
    expect(checkUrl("https://example.com/a%20b/../c?x=1&y=%2F", deployed)).toMatchObject({
      target: "/c?x=1&y=%2F",
    });
  });
});

describe("the guard, when loopback is allowed", () => {
  it.each(["https://127.0.0.1:8443/hook", "https://127.0.0.1:65535", "https://127.0.0.1:40000?x=1"])(
    "allows %s",
    (url) => {
      expect(ruleOf(url, local)).toBe("allowed");
      expect(ruleOf(url)).toBe("address-not-public");
    },
  );

  it.each(["https://localhost:8443/hook", "https://localhost:65535", "https://localhost:40000?x=1"])(
    "allows %s, which the deployed guard refuses",
    (url) => {
      expect(ruleOf(url, local)).toBe("allowed");
      expect(ruleOf(url)).toBe("host-single-label");
    },
  );

  it.each([
    ["address-not-public", "https://127.0.0.1/"],
    ["address-not-public", "https://127.0.0.1:443/"],
    ["address-not-public", "https://127.0.0.2:8443/"],
    ["address-not-public", "https://127.1:8443/"],
    ["address-not-public", "https://0x7f.0.0.1:8443/"],
    ["address-not-public", "https://127.0.0.1.:8443/"],
    ["address-not-public", "https://１２７.0.0.1:8443/"],
    ["address-not-public", "https://[::1]:8443/"],
    ["address-not-public", "https://[::ffff:127.0.0.1]:8443/"],
    ["address-not-public", "https://0.0.0.0:8443/"],
    ["address-not-public", "https://127.0.0.1:008443/"],
    ["host-single-label", "https://localhost:008443/"],
    ["host-single-label", "https://localhost/"],
    ["host-single-label", "https://localhost:443/"],
    ["host-single-label", "https://LOCALHOST:8443/"],
    ["host-single-label", "https://localhost.:8443/"],
    ["host-single-label", "https://ｌocalhost:8443/"],
    ["host-internal", "https://app.localhost:8443/"],
    ["port-not-allowed", "https://localhost:6000/"],
    ["url-userinfo", "https://a@localhost:8443/"],
    ["url-scheme", "http://localhost:8443/"],
    ["port-not-allowed", "https://127.0.0.1:6000/"],
    ["port-not-allowed", "https://127.0.0.1:0080/"],
    ["url-userinfo", "https://a@127.0.0.1:8443/"],
    ["url-scheme", "http://127.0.0.1:8443/"],
    ["url-fragment", "https://127.0.0.1:8443/#"],
  ])("still refuses by the rule %s: %s", (rule, url) => {
    expect(ruleOf(url, local)).toBe(rule);
  });
});

describe("the check of arbitrary text", () => {
  it("never throws, and allows only normalised https URLs, which stay allowed", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "https://",
        "https:",
        "127.0.0.1",
        "[::1]",
        "localhost",
        "@",
        "#",
        "%",
        "\\",
        ".",
        ":",
        "/",
        "?",
        "。",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.domain(),
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const verdict = checkUrl(pieces.join(""), deployed);
        if (verdict.kind === "refused") return;
        expect(verdict.url.startsWith("https://")).toBe(true);
        expect(verdict.host).not.toMatch(/[^a-z0-9._:-]|\.$/);
        expect(checkUrl(verdict.url, deployed)).toEqual(verdict);
      }),
      { numRuns: 1000 },
    );
  });
});
