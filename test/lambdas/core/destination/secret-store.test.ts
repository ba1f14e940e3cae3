import { describe, expect, it } from "vitest";
import { type DestinationSecret, signingSecrets } from "../../../../lambdas/core/destination/destination.ts";
import { rotated } from "../../../../lambdas/core/destination/secret-store.ts";
import { signBody } from "../../../../lambdas/core/delivery/signature.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const GRACE_SECONDS = 86_400;
const FIRST: DestinationSecret = {
  current: "s0",
  former: [],
  headers: { "X-Tenant": "one" },
  auth: { type: "none" },
};

/** Content of the secret after this many rotations, each this much later than the previous one. */
function rotate(times: number, everyMs: number): DestinationSecret {
  return Array.from({ length: times }, (_, index) => index + 1).reduce(
    (secret, turn) => rotated(secret, `s${turn}`, GRACE_SECONDS, NOW + (turn - 1) * everyMs),
    FIRST,
  );
}
const formerOf = ({ former }: DestinationSecret): string[] => former.map(({ secret }) => secret);

describe("a rotation", () => {
  it("keeps the previous secret to the millisecond of its grace period, and the headers", () => {
    const secret = rotate(1, 0);
    expect(secret).toEqual({
      current: "s1",
      former: [{ secret: "s0", validUntil: "2026-11-24T12:00:00.000Z" }],
      headers: FIRST.headers,
      auth: FIRST.auth,
    });
    const end = NOW + GRACE_SECONDS * 1000;
    expect(signingSecrets(secret, end - 1)).toEqual(["s1", "s0"]);
    expect(signingSecrets(secret, end)).toEqual(["s1"]);
  });

  it("keeps the newest four former secrets, however often it is repeated", () => {
    expect(formerOf(rotate(4, 1000))).toEqual(["s3", "s2", "s1", "s0"]);
    for (const times of [5, 6, 50]) {
      const secret = rotate(times, 1000);
      expect(formerOf(secret)).toEqual([1, 2, 3, 4].map((back) => `s${times - back}`));
      const header = signBody("whd_1", 0, "{}", signingSecrets(secret, NOW + times * 1000));
      expect(header.split(" ")).toHaveLength(5);
      expect(header.length).toBeLessThan(250);
    }
  });

  it("drops secrets whose grace period has ended, to the millisecond", () => {
    const second = rotate(2, 1000);
    const end = NOW + GRACE_SECONDS * 1000;
    expect(formerOf(rotated(second, "s3", GRACE_SECONDS, end - 1))).toEqual(["s2", "s1", "s0"]);
    expect(formerOf(rotated(second, "s3", GRACE_SECONDS, end))).toEqual(["s2", "s1"]);
  });

  it("without a grace period drops every former secret", () => {
    expect(rotated(rotate(3, 1000), "s9", 0, NOW)).toEqual({
      current: "s9",
      former: [],
      headers: FIRST.headers,
      auth: FIRST.auth,
    });
  });
});
