import { describe, expect, it } from "vitest";
import { parseSettings, SettingsError } from "../../lib/settings.ts";

const sourceBaseUrl = "https://app.example.com";

function mistakesOf(given: unknown): readonly string[] {
  try {
    parseSettings(given);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

describe("settings", () => {
  it("require only the address of the product", () => {
    const settings = parseSettings({ sourceBaseUrl });

    expect(settings).toMatchObject({
      eventTypePrefix: "pro.atmos",
      plans: {
        free: { retentionDays: 7, forwarding: false },
        team: { retentionDays: 30, forwarding: false },
        enterprise: { retentionDays: 365, forwarding: true, maxDestinations: 10 },
      },
      egress: { fixedAddresses: 0 },
      retry: {
        giveUpAfterHours: 72,
        schedule: [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800],
      },
      protectData: true,
    });
  });

  it("accept addresses of up to 256 characters", () => {
    const longest = `https://a.b/${"c".repeat(244)}`;
    expect(mistakesOf({ sourceBaseUrl: longest, upgradeUrl: longest })).toEqual([]);
  });

  it("accept a retry schedule of one wait, and one of twenty", () => {
    for (const schedule of [[60], Array.from({ length: 20 }, () => 43_200)]) {
      expect(parseSettings({ sourceBaseUrl, retry: { schedule } }).retry).toEqual({
        giveUpAfterHours: 72,
        schedule,
      });
    }
  });

  it("can be JSON text from the command line", () => {
    expect(parseSettings(JSON.stringify({ sourceBaseUrl, logRetentionDays: 90 })).logRetentionDays).toBe(90);
  });

  it("report all mistakes at once, one per line", () => {
    const mistakes = mistakesOf({ alarmEmail: "nobody", logRetentionDays: 31 });

    expect(mistakes).toHaveLength(3);
    expect(() => parseSettings({ sourceBaseUrl, alarmEmail: "nobody" })).toThrow(
      "The settings of this deployment cannot be used:\n- alarmEmail must be one e-mail address",
    );
  });
});

describe("plans and shards", () => {
  const shardsOf = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`ws_${String(index).padStart(4, "0")}`, 4]),
    );
  const bytesOf = ({ plans, shards }: ReturnType<typeof parseSettings>): number =>
    JSON.stringify(plans).length + JSON.stringify(shards).length;

  it("fit into a function's environment, or are refused with the limit", () => {
    const none = bytesOf(parseSettings({ sourceBaseUrl }));
    // Each item looks like `"ws_0000":4`, with a comma before all but the first.
    const most = Math.floor((2048 - none + 1) / 12);
    expect(bytesOf(parseSettings({ sourceBaseUrl, shards: shardsOf(most) }))).toBeLessThanOrEqual(2048);
    expect(mistakesOf({ sourceBaseUrl, shards: shardsOf(most + 1) })).toEqual([
      expect.stringMatching(
        /^plans and shards must have at most 2048 bytes together as JSON, but have 20[45]\d:/,
      ),
    ]);
  });

  it("leave room for the other texts of the environment", () => {
    const texts = {
      sourceBaseUrl: `https://a.b/${"c".repeat(244)}`,
      upgradeUrl: `https://a.b/${"c".repeat(244)}`,
      eventTypePrefix: "a".repeat(128),
    };
    expect(mistakesOf({ ...texts, shards: shardsOf(100) })).toEqual([]);
    expect(mistakesOf({ ...texts, shards: shardsOf(150) })).toEqual([
      expect.stringMatching(
        /^plans, shards, sourceBaseUrl, .* at most 2560 bytes together, but have 2\d{3}:/,
      ),
    ]);
  });

  it("count together towards the limit", () => {
    const plans = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`plan${index}`, { retentionDays: 30, forwarding: true }]),
    );
    expect(mistakesOf({ sourceBaseUrl, plans })).toEqual([]);
    expect(mistakesOf({ sourceBaseUrl, shards: shardsOf(80) })).toEqual([]);
    expect(mistakesOf({ sourceBaseUrl, plans, shards: shardsOf(80) })).toHaveLength(1);
  });
});

describe("a mistake in the settings is reported with the setting, its allowed values and its current value", () => {
  const issuer = "https://issuer.example.com";

  it.each<[string, unknown, string]>([
    ["nothing at all", undefined, 'nothing is set: give at least { "sourceBaseUrl": "https://…" }'],
    ["text that is not JSON", "{", "they are not JSON: {"],
    ["a number", 5, "the value must be an object of settings: { sourceBaseUrl, … }, but is 5"],
    ["no product", {}, "sourceBaseUrl is missing: it must be the https:// address of your product"],
    ["plain http", { sourceBaseUrl: "http://a.b" }, 'trailing slash, but is "http://a.b"'],
    ["a trailing slash", { sourceBaseUrl: "https://a.b/" }, "sourceBaseUrl must be the https:// address"],
    ["a query", { sourceBaseUrl: "https://a.b?c=d" }, "sourceBaseUrl must be the https:// address"],
    ["a misspelt name", { planz: {} }, "planz is not a setting; remove it or correct its name"],
    ["a misspelt name inside", { egress: { vpc: true } }, "egress.vpc is not a setting"],
    [
      "a bad prefix",
      { eventTypePrefix: "Pro" },
      "eventTypePrefix must be 1 to 8 lowercase names joined by dots",
    ],
    ["no plan", { plans: {} }, "plans must name at least one plan, but is {}"],
    ["a plan's name", { plans: { "A b": {} } }, "plans.A b must be a plan's name: up to 32 of"],
    ["a plan that is none", { plans: { a: 1 } }, "plans.a must be a plan: { retentionDays, forwarding"],
    [
      "no retention",
      { plans: { a: { forwarding: true } } },
      "plans.a.retentionDays is missing: it must be a whole",
    ],
    ["eleven years", { plans: { a: { retentionDays: 4015 } } }, "from 1 to 3650, but is 4015"],
    ["half a day", { plans: { a: { retentionDays: 0.5 } } }, "retentionDays must be a whole number of days"],
    [
      "a flag in words",
      { plans: { a: { forwarding: "yes" } } },
      'forwarding must be true or false, but is "yes"',
    ],
    [
      "too many destinations",
      { plans: { a: { maxDestinations: 101 } } },
      "whole number of destinations from 0 to 100",
    ],
    ["an upgrade by http", { upgradeUrl: "http://a.b" }, "upgradeUrl must be an https:// URL"],
    [
      "a long product",
      { sourceBaseUrl: `https://a.b/${"c".repeat(245)}` },
      "up to 256 characters without query",
    ],
    ["a long upgrade", { upgradeUrl: `https://a.b/${"c".repeat(245)}` }, "URL of up to 256 characters"],
    ["a long prefix", { eventTypePrefix: "a".repeat(129) }, "pro.atmos, up to 128 characters"],
    [
      "an issuer without address",
      { oidc: { audience: "a" } },
      "oidc.issuer is missing: it must be the https:// address",
    ],
    ["an issuer without audience", { oidc: { issuer } }, "oidc.audience is missing: it must be the audience"],
    ["an empty audience", { oidc: { issuer, audience: [] } }, "oidc.audience must be the audience (`aud`)"],
    ["two issuers", { oidc: { issuer, audience: "a" }, cognito: {} }, "cognito has no effect beside oidc"],
    ["a prefix without issuer", { scopePrefix: "a/" }, "scopePrefix is for tokens of your own issuer"],
    ["a reserved domain", { cognito: { domainPrefix: "my-aws" } }, "without aws, amazon and cognito"],
    ["two addresses", { alarmEmail: "a@b.example,c@d.example" }, "alarmEmail must be one e-mail address"],
    [
      "too many NAT gateways",
      { egress: { fixedAddresses: 3 } },
      "whole number of addresses (0: none; one a zone) from 0 to 2, but is 3",
    ],
    ["too long a retry", { retry: { giveUpAfterHours: 337 } }, "whole number of hours from 1 to 336"],
    ["no schedule", { retry: { schedule: [] } }, "retry.schedule must be a list of 1 to 20 waits in seconds"],
    [
      "a schedule in words",
      { retry: { schedule: "1 h" } },
      'retry.schedule must be a list of 1 to 20 waits in seconds, such as [5, 60, 3600], but is "1 h"',
    ],
    [
      "too long a schedule",
      { retry: { schedule: Array.from({ length: 21 }, () => 60) } },
      "retry.schedule must be a list of 1 to 20 waits",
    ],
    [
      "no wait at all",
      { retry: { schedule: [0, 60] } },
      "retry.schedule.0 must be a whole number of seconds from 1 to 43200, but is 0",
    ],
    [
      "a wait of more than 12 hours",
      { retry: { schedule: [5, 43_201] } },
      "retry.schedule.1 must be a whole number of seconds from 1 to 43200, but is 43201",
    ],
    [
      "a schedule that never slows down",
      { retry: { schedule: [5, 59] } },
      "retry.schedule must end with at least 60 seconds, because its last wait repeats, but is [5,59]",
    ],
    ["one delivery at once", { delivery: { concurrency: 1 } }, "deliveries at once from 2 to 1000, but is 1"],
    [
      "a log shorter than the retries",
      { delivery: { logDays: 2 } },
      "delivery.logDays must be at least retry.giveUp",
    ],
    [
      "a long window",
      { fanOut: { windowSeconds: 301 } },
      "fanOut.windowSeconds must be a whole number of seconds",
    ],
    [
      "no grace at all",
      { retention: { lookaheadDays: 0 } },
      "retention.lookaheadDays must be a whole number of days",
    ],
    [
      "shards of an invalid workspace",
      { shards: { acme: 2 } },
      "shards.acme must be a workspace's id, ws_ and up to 61",
    ],
    [
      "too many shards",
      { shards: { ws_1: 65 } },
      "shards.ws_1 must be a whole number of shards from 1 to 64",
    ],
    [
      "an origin with a path",
      { api: { corsOrigins: ["https://a.b/c"] } },
      "api.corsOrigins.0 must be an origin",
    ],
    [
      "no requests",
      { api: { requestsPerSecond: 0 } },
      "api.requestsPerSecond must be a whole number of requests a",
    ],
    ["a slash at the end", { secretPrefix: "a/" }, "secretPrefix must be 1 to 4 parts"],
    [
      "an unsupported number of days",
      { logRetentionDays: 31 },
      "logRetentionDays must be one of the days that CloudWatch",
    ],
    ["protection in words", { protectData: "no" }, 'protectData must be true or false, but is "no"'],
  ])("%s", (_, given, message) => {
    const whole = typeof given === "object" ? { sourceBaseUrl, ...given } : given;

    expect(mistakesOf(message.startsWith("sourceBaseUrl is missing") ? {} : whole).join("\n")).toContain(
      message,
    );
  });
});
