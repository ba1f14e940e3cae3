import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import {
  chainHeader,
  isLinkSigned,
  parseChainHeader,
} from "../../../../lambdas/core/delivery/chain-header.ts";
import { composeRequest } from "../../../../lambdas/core/delivery/compose-request.ts";
import type { Auth } from "../../../../lambdas/core/destination/auth.ts";
import { hasValidSignature, signBody } from "../../../../lambdas/core/delivery/signature.ts";

const secretOf = (fill: number): string => `whsec_${Buffer.alloc(32, fill).toString("base64")}`;
const [OLD, NEW, OTHER] = [secretOf(1), secretOf(2), secretOf(3)];
const LINK = { lane: "live", number: 7, previousId: "whd_6", id: "whd_7" };
const NOW = Date.now();

function request(
  former: { secret: string; validUntil: string }[] = [],
  headers: Record<string, string> = {},
  auth: Auth = { type: "none" },
) {
  return composeRequest({
    destination: { url: "https://siem.example.com/in" },
    secret: { current: NEW, former, headers, auth },
    format: "cloudevents-batch",
    link: LINK,
    body: Buffer.from('[{"é":1}]'),
    now: NOW,
    version: "1.2.3",
  });
}

describe("a signature", () => {
  it("equals that of the standardwebhooks package", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        (body, seconds, key) => {
          const secret = `whsec_${Buffer.from(key).toString("base64")}`;
          expect(signBody("whd_1", seconds, body, [secret])).toBe(
            new Webhook(secret).sign("whd_1", new Date(seconds * 1000), body),
          );
        },
      ),
    );
  });

  it("is verified by that package under both families of headers", () => {
    const { headers, body } = request();
    const text = Buffer.from(body).toString();
    expect(new Webhook(NEW).verify(text, headers)).toEqual([{ é: 1 }]);
    for (const name of ["id", "timestamp", "signature"])
      expect(headers[`x-webhook-${name}`]).toBe(headers[`webhook-${name}`]);
    expect(() => new Webhook(OTHER).verify(text, headers)).toThrow("No matching signature");
  });

  it("is also made with the old secret during a rotation, after the new one", () => {
    const later = new Date(NOW + 1000).toISOString();
    const { headers, body } = request([{ secret: OLD, validUntil: later }]);
    const text = Buffer.from(body).toString();
    expect(headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    for (const secret of [OLD, NEW]) expect(new Webhook(secret).verify(text, headers)).toEqual([{ é: 1 }]);
    const ended = request([{ secret: OLD, validUntil: new Date(NOW).toISOString() }]);
    expect(() => new Webhook(OLD).verify(text, ended.headers)).toThrow("No matching signature");
  });

  it("is not valid when anything signed was changed", () => {
    const signature = signBody("whd_1", 5, "body", [NEW]);
    expect(hasValidSignature(signature, ["whd_1.5.body"], [NEW])).toBe(true);
    expect(hasValidSignature(signature, ["whd_1.6.body"], [NEW])).toBe(false);
    expect(hasValidSignature("v1,", ["whd_1.5.body"], [NEW])).toBe(false);
  });
});

describe("a request", () => {
  it("sends headers with names of properties that every object has", () => {
    const names = ["constructor", "toString", "hasOwnProperty", "valueOf"];
    const { headers } = request([], Object.fromEntries(names.map((one) => [one, "mine"])));
    for (const one of names) expect(Object.getOwnPropertyDescriptor(headers, one)?.value).toBe("mine");
  });

  it("keeps Trailcast's headers over custom ones and lists secret values", () => {
    const { headers, secrets } = request([], { "X-Token": "abc", "User-Agent": "me", "Webhook-Id": "fake" });
    expect(headers).toMatchObject({
      "X-Token": "abc",
      "user-agent": "Trailcast/1.2.3",
      "webhook-id": "whd_7",
    });
    expect(Object.keys(headers)).not.toContain("User-Agent");
    expect(secrets).toEqual([NEW, "abc", "me", "fake"]);
  });
});

describe("the chain header", () => {
  it("contains lane, number and previous delivery, signed with every current secret", () => {
    const value = chainHeader(LINK, [NEW, OLD]);
    expect(value).toMatch(/^live;7;whd_6;v1,\S+ v1,\S+$/);
    const parsed = parseChainHeader(value, "whd_7");
    expect(parsed?.link).toEqual(LINK);
    for (const secret of [OLD, NEW]) expect(isLinkSigned(LINK, parsed?.signature ?? "", [secret])).toBe(true);
    expect(isLinkSigned({ ...LINK, number: 8 }, parsed?.signature ?? "", [NEW])).toBe(false);
    expect(isLinkSigned({ ...LINK, id: "whd_8" }, parsed?.signature ?? "", [NEW])).toBe(false);
  });

  it.each(["", "live;0;-;v1,x", "live;1;-", "live;x;-;v1,a", "li.ve;1;-;v1,a", "live;1;-;v2,a"])(
    "cannot be %j",
    (value) => {
      expect(parseChainHeader(value, "whd_7")).toBeUndefined();
    },
  );
});
