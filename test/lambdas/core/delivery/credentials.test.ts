import { describe, expect, it } from "vitest";
import { composeRequest } from "../../../../lambdas/core/delivery/compose-request.ts";
import { maskSecrets } from "../../../../lambdas/core/delivery/mask-secrets.ts";
import type { Auth } from "../../../../lambdas/core/destination/auth.ts";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const TOKEN = "tok.en-1234~/+=";

function request(auth: Auth, headers: Record<string, string> = {}) {
  return composeRequest({
    destination: { url: "https://siem.example.com/in" },
    secret: { current: SECRET, former: [], headers, auth },
    format: "cloudevents-batch",
    link: { lane: "live", number: 1, previousId: "-", id: "whd_1" },
    body: Buffer.from("[{}]"),
    now: Date.parse("2026-11-23T05:00:00.000Z"),
    version: "1.2.3",
  });
}

const SENT: [Auth, string, string][] = [
  [{ type: "bearer", token: TOKEN }, "authorization", `Bearer ${TOKEN}`],
  // The example of RFC 7617, 2.
  [
    { type: "basic", username: "Aladdin", password: "open sesame" },
    "authorization",
    "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
  ],
  [
    { type: "basic", username: "a-token-as-user", password: "" },
    "authorization",
    "Basic YS10b2tlbi1hcy11c2VyOg==",
  ],
  [{ type: "header", name: "X-Api-Key", value: "key of mine" }, "X-Api-Key", "key of mine"],
];

describe("credentials", () => {
  it.each(SENT)("%j are sent as %s: %s", (auth, name, value) => {
    expect(request(auth, { "X-Tenant": "acme" }).headers).toMatchObject({
      [name]: value,
      "X-Tenant": "acme",
    });
  });

  it("of no kind add no header", () => {
    expect(Object.keys(request({ type: "none" }).headers)).toEqual(
      Object.keys(request({ type: "header", name: "webhook-id", value: "forged" }).headers),
    );
    expect(request({ type: "none" }).headers).not.toHaveProperty("authorization");
  });

  it("do not replace a header of Trailcast's own, even if the secret holds such a name", () => {
    const { headers } = request({ type: "header", name: "Webhook-Id", value: "forged" });
    expect(Object.values(headers)).not.toContain("forged");
  });

  it.each(SENT)("%j are masked in what a receiver answers", (auth, _name, value) => {
    const { secrets = [] } = request(auth);
    const parts = Object.entries(auth).filter(([key]) => !["type", "name", "username"].includes(key));
    const answer = ["got", value, JSON.stringify(Object.fromEntries(parts)), "bye"].join("\n");
    const masked = maskSecrets(answer, secrets);
    const secret = [value.replace(/^(Bearer|Basic) /, ""), ...parts.map(([, text]) => text)];
    expect(secret.filter((text) => text !== "" && masked.includes(text))).toEqual([]);
    expect(masked).toMatch(/^got\n[^]*\nbye$/);
  });
});
