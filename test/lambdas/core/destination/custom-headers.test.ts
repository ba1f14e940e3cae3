import { createServer, validateHeaderName, validateHeaderValue } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCustomHeaders } from "../../../../lambdas/core/destination/custom-headers.ts";
import { RESERVED_HEADERS } from "../../../../lambdas/core/destination/reserved-headers.ts";

const ruleOf = (headers: Record<string, string>): string => {
  const verdict = checkCustomHeaders(headers);
  return verdict.kind === "refused" ? verdict.rule : "allowed";
};

describe("common custom headers of receivers", () => {
  it.each([
    ["DD-API-KEY", "0123456789abcdef"],
    ["Api-Key", "eu01xxNRAL"],
    ["X-Sumo-Category", "prod/audit"],
    ["X-goog-api-key", "AIza_x-y"],
    ["CF-Access-Client-Secret", "abc.def"],
    ["X-Api-Key", "Bearer abc, def; q=1"],
    ["X-Tenant", "a\tb"],
    ["x_tenant", ""],
    ["!#$%&'*+.^`|~", "~"],
    ["Accept", "application/json"],
    ["X-Amzon", "not of AWS"],
    ["Hosts", "a"],
    ["Contents", "a"],
  ])("%s are allowed", (name, value) => {
    expect(ruleOf({ [name]: value })).toBe("allowed");
  });

  it("are allowed up to 20 and 4 kB", () => {
    const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`X-${index}`, "v"]));
    expect(ruleOf(twenty)).toBe("allowed");
    expect(ruleOf({ ...twenty, "X-20": "v" })).toBe("headers-too-many");
    expect(ruleOf({ "X-Big": "v".repeat(4096 - 5) })).toBe("allowed");
    expect(ruleOf({ "X-Big": "v".repeat(4096 - 4) })).toBe("headers-too-large");
  });
});

describe("headers that belong to the sender, HTTP, AWS or a proxy", () => {
  const ownedByOthers = [
    [
      "Authorization",
      "Content-Type",
      "Content-Length",
      "Content-Encoding",
      "Host",
      "Connection",
      "Transfer-Encoding",
    ],
    [
      "TE",
      "Trailer",
      "Upgrade",
      "Expect",
      "Keep-Alive",
      "Cookie",
      "Proxy-Authorization",
      "Proxy-Connection",
      "Sec-Fetch-Site",
    ],
    [
      "Forwarded",
      "X-Forwarded-For",
      "X-Forwarded-Host",
      "X-Real-IP",
      "X-Amz-Date",
      "X-Amz-Security-Token",
      "X-Webhook-Id",
    ],
    [
      "X-Webhook-Signature",
      "webhook-id",
      "webhook-signature",
      "ce-id",
      "ce-type",
      "traceparent",
      "User-Agent",
      "X-Amzn-Trace-Id",
    ],
    [
      "Set-Cookie",
      "Via",
      "X-HTTP-Method-Override",
      "X-Original-URL",
      "Accept-Encoding",
      "X-Webhook-Chain",
      "WebHook-Request-Origin",
      "Metadata",
      "Metadata-Flavor",
      "X-aws-ec2-metadata-token",
    ],
  ].flat();

  it.each(ownedByOthers)("%s is refused in any spelling", (name) => {
    for (const spelling of [
      name,
      name.toLowerCase(),
      name.toUpperCase(),
      name.replaceAll("-", "_"),
      name.replaceAll("-", "."),
    ]) {
      expect([spelling, ruleOf({ [spelling]: "v" })]).toEqual([spelling, "header-reserved"]);
    }
  });

  it("are all refused with the reason of their group", () => {
    for (const { names, reason } of RESERVED_HEADERS) {
      for (const name of names) {
        const verdict = checkCustomHeaders({ [name.replace("*", "anything")]: "v" });
        expect(verdict).toMatchObject({ rule: "header-reserved", detail: expect.stringContaining(reason) });
      }
    }
  });
});

describe("invalid names and values of headers", () => {
  it.each([
    "",
    " ",
    "X Tenant",
    "X-Tenant:",
    "X-Tenant ",
    "X\r\nY",
    "X\0",
    "Ünicode",
    "X(y)",
    "X@y",
    'X"',
    "X,Y",
    ":path",
    "X/Y",
    "__proto__",
  ])("the name %j is refused", (name) =>
    expect(ruleOf(Object.fromEntries([[name, "v"]]))).toBe("header-name"),
  );

  it.each([
    "a\r\nX-Evil: 1",
    "a\nb",
    "a\rb",
    "a\0b",
    " a",
    "a ",
    "\ta",
    "a\t",
    " ",
    "é",
    "日本",
    "\u007f",
    "a\u000bb",
    "\u{1f511}",
    "a\u0085b",
    "a\u2028b",
  ])("the value %j is refused", (value) => {
    const verdict = checkCustomHeaders({ "X-Token": value });
    expect(verdict).toMatchObject({ kind: "refused", rule: "header-value", name: "X-Token" });
  });

  it("are refused without quoting the value", () => {
    const verdict = checkCustomHeaders({ "X-Token": "s3cr3t-value\r\n" });
    expect(JSON.stringify(verdict)).not.toContain("s3cr3t");
  });

  it("two names that a receiver may treat as the same are refused", () => {
    expect(ruleOf({ "X-Token": "a", "x-token": "b" })).toBe("header-duplicate");
    expect(ruleOf({ "X-Token": "a", X_TOKEN: "b" })).toBe("header-duplicate");
    expect(ruleOf({ "X-Token": "a", "X.Token": "b" })).toBe("header-duplicate");
  });
});

describe("every allowed header", () => {
  it("is sent by Node and read back unchanged by a strict receiver", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const server = createServer((request, response) => response.end(JSON.stringify(request.rawHeaders)));
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    const port = await promise;
    const value = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), value, { maxKeys: 4 }),
        async (headers) => {
          fc.pre(checkCustomHeaders(headers).kind === "allowed" && Object.keys(headers).length > 0);
          for (const [name, text] of Object.entries(headers)) {
            validateHeaderName(name);
            validateHeaderValue(name, text);
          }
          const raw = (await (await fetch(`http://127.0.0.1:${port}/`, { headers })).json()) as string[];
          for (const [name, text] of Object.entries(headers)) {
            const index = raw.findIndex(
              (entry, place) => place % 2 === 0 && entry.toLowerCase() === name.toLowerCase(),
            );
            expect(raw[index + 1]).toBe(text);
          }
        },
      ),
      { numRuns: 100 },
    );
    server.closeAllConnections();
    server.close();
  });
});
