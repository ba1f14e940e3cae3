import { z } from "zod";
import { DEFAULT_RETENTION, MAX_RETENTION_DAYS } from "../lambdas/core/workspace/retention.ts";

/** Days that CloudWatch Logs accepts as a retention. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** A number whose every refusal says the same: its limits and its unit. */
function whole(unit: string, min: number, max: number): z.ZodNumber {
  const message = `must be a whole number of ${unit} from ${min} to ${max}`;
  return z.int({ error: message }).min(min, { error: message }).max(max, { error: message });
}

/** Text whose every refusal says the same: what it has to look like. */
function text(message: string, holds: (value: string) => boolean): z.ZodType<string> {
  return z.string({ error: message }).refine(holds, { error: message });
}

/** Of the addresses that functions have in their environment, of which Lambda takes 4 kB in all. */
const MAX_URL_LENGTH = 256;

function isHttpsUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && url.protocol === "https:" && url.username === "" && url.hash === "";
}

function isShort(value: string): boolean {
  return value.length <= MAX_URL_LENGTH;
}

function isBaseUrl(value: string): boolean {
  return isShort(value) && isHttpsUrl(value) && !value.includes("?") && !value.endsWith("/");
}

function isOrigin(value: string): boolean {
  return isHttpsUrl(value) && URL.parse(value)?.origin === value;
}

const httpsUrl = text("must be an https:// URL without user name and fragment", isHttpsUrl);
const flag = z.boolean({ error: "must be true or false" });
const name = (pattern: RegExp, message: string): z.ZodType<string> =>
  text(message, (value) => pattern.test(value));
const audienceMessage = "must be the audience (`aud`) of your tokens: a text, or a list of 1 to 10 texts";
const audience = z.string({ error: audienceMessage }).min(1, { error: audienceMessage });
const fields = <Shape extends z.core.$ZodLooseShape>(what: string, shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === "invalid_type" ? `must be ${what}` : undefined),
  });

const planSchema = fields("a plan: { retentionDays, forwarding, maxDestinations }", {
  /** For how long events are visible. */
  retentionDays: whole("days", 1, MAX_RETENTION_DAYS),
  /** Whether workspaces on this plan may have destinations. */
  forwarding: flag,
  /** How many destinations one workspace may have. */
  maxDestinations: whole("destinations", 0, 100).default(10),
});

const DEFAULT_PLANS = {
  free: { retentionDays: 7, forwarding: false, maxDestinations: 0 },
  team: { retentionDays: 30, forwarding: false, maxDestinations: 0 },
  enterprise: { retentionDays: 365, forwarding: true, maxDestinations: 10 },
};

/**
 * The settings of a deployment. Only `sourceBaseUrl` has no default.
 * Every refusal reads as a sentence after the setting's name: `sourceBaseUrl must be …`.
 */
export const settingsSchema = fields("an object of settings: { sourceBaseUrl, … }", {
  /** CloudEvents `source` is this plus `/workspaces/<id>`. */
  sourceBaseUrl: text(
    `must be the https:// address of your product, up to ${MAX_URL_LENGTH} characters without query, fragment and trailing slash`,
    isBaseUrl,
  ),
  /** CloudEvents `type` is this plus `.{category}.{action}`. */
  eventTypePrefix: name(
    /^(?=.{1,128}$)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,7}$/,
    "must be 1 to 8 lowercase names joined by dots, such as pro.atmos, up to 128 characters",
  ).default("pro.atmos"),
  /** What a workspace may do, by the name of its plan. */
  plans: z
    .record(
      name(/^[a-z][a-z0-9_-]{0,31}$/, "must be a plan's name: up to 32 of a-z, 0-9, _ and -, a letter first"),
      planSchema,
      { error: "must be an object of plans by name" },
    )
    .refine((plans) => Object.keys(plans).length > 0, { error: "must name at least one plan" })
    .default(DEFAULT_PLANS),
  /** Where a refused workspace can buy the plan that has forwarding. */
  upgradeUrl: text(
    `must be an https:// URL of up to ${MAX_URL_LENGTH} characters, without user name and fragment`,
    (value) => isShort(value) && isHttpsUrl(value),
  ).optional(),
  /** Who issues the API's tokens. Without it the stack brings a Cognito user pool. */
  oidc: fields("{ issuer, audience }", {
    issuer: text(
      "must be the https:// address of the issuer, exactly as its tokens name it (`iss`)",
      isHttpsUrl,
    ),
    audience: z.union(
      [audience, z.array(audience).min(1, { error: audienceMessage }).max(10, { error: audienceMessage })],
      { error: audienceMessage },
    ),
  }).optional(),
  /** Of the user pool that the stack brings when `oidc` is absent. */
  cognito: fields("{ domainPrefix?, callbackUrls? }", {
    domainPrefix: name(
      /^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
      "must be 1 to 63 of a-z, 0-9 and -, without aws, amazon and cognito",
    ).optional(),
    callbackUrls: z.array(httpsUrl, { error: "must be a list of https:// URLs" }).max(20).default([]),
  }).optional(),
  /** Stripped from the scopes of a token: `trailcast/events:write` is `events:write` with `trailcast/`. */
  scopePrefix: name(/^\S{0,100}$/, "must be up to 100 characters without white space").optional(),
  /** Receives the alarms by e-mail once its owner has confirmed the subscription. */
  alarmEmail: text("must be one e-mail address", (value) => z.email().safeParse(value).success).optional(),
  /** Where the runbooks are; alarms link to `<runbookUrl>#<alarm>`. */
  runbookUrl: text(
    "must be an https:// URL or a path",
    (value) => isHttpsUrl(value) || /^[\w./-]+$/.test(value),
  ).default("docs/operate.md"),
  egress: fields("{ fixedAddresses? }", {
    /**
     * Above 0 the delivery function runs in a VPC of its own, behind so many NAT gateways with fixed addresses. Each has a zone of
     * its own, and of a Region that is not known at synthesis CDK counts on two.
     */
    fixedAddresses: whole("addresses (0: none; one a zone)", 0, 2).default(0),
  }).prefault({}),
  retry: fields("{ giveUpAfterHours? }", {
    /** After so much time without a 2xx a destination is suspended; nothing is dropped. */
    giveUpAfterHours: whole("hours", 1, 336).default(72),
  }).prefault({}),
  delivery: fields("{ concurrency?, slowConcurrency?, logDays? }", {
    /** Deliveries in flight at once; each is a slot of the account's Lambda concurrency, which ingest shares. */
    concurrency: whole("deliveries at once", 2, 1000).default(100),
    /** The same for destinations that answer slowly. */
    slowConcurrency: whole("deliveries at once", 2, 1000).default(25),
    /** For how long the delivery log is kept. */
    logDays: whole("days", 1, 365).default(30),
  }).prefault({}),
  fanOut: fields("{ windowSeconds? }", {
    /** How long fan-out gathers records; more means fewer pages and invocations, and later delivery. */
    windowSeconds: whole("seconds", 0, 300).default(0),
  }).prefault({}),
  retention: fields("{ shrinkGraceDays?, endGraceDays?, lookaheadDays?, owedNoticeDays? }", {
    /** After a plan shrank, what falls out of the window is invisible at once and kept this long. */
    shrinkGraceDays: whole("days", 0, 90).default(DEFAULT_RETENTION.shrinkGraceDays),
    /** After a workspace ended, its log is kept this long. */
    endGraceDays: whole("days", 0, 365).default(DEFAULT_RETENTION.endGraceDays),
    /** What would expire within this time is extended (a plan that grew) or made safe (a hold). */
    lookaheadDays: whole("days", 2, 30).default(DEFAULT_RETENTION.lookaheadDays),
    /** Owners hear of undelivered events this long before they expire. */
    owedNoticeDays: whole("days", 1, 30).default(DEFAULT_RETENTION.owedNoticeDays),
  }).prefault({}),
  /** Over how many keys a giant workspace's events are spread; order then holds within each. */
  shards: z
    .record(
      name(/^ws_[A-Za-z0-9_]{1,61}$/, "must be a workspace's id, ws_ and up to 61 of A-Z, a-z, 0-9 and _"),
      whole("shards", 1, 64),
      { error: "must be an object of shard counts by workspace" },
    )
    .default({}),
  api: fields("{ requestsPerSecond?, burst?, corsOrigins? }", {
    requestsPerSecond: whole("requests a second", 1, 10_000).default(1000),
    burst: whole("requests", 1, 5000).default(2000),
    /** Other sites whose pages may call the API; the stack's own console needs none. */
    corsOrigins: z
      .array(text("must be an origin, such as https://app.example.com", isOrigin), {
        error: "must be a list of origins",
      })
      .max(20, { error: "must be at most 20 origins" })
      .default([]),
  }).prefault({}),
  /** Under this name the secrets of destinations are made; the stack's name when absent. */
  secretPrefix: name(
    /^[A-Za-z0-9_+=.@-]{1,64}(\/[A-Za-z0-9_+=.@-]{1,64}){0,3}$/,
    "must be 1 to 4 parts of A-Z, a-z, 0-9 and _+=.@- joined by /, without a slash at either end",
  ).optional(),
  logRetentionDays: z
    .int({ error: "must be a whole number of days" })
    .refine((days) => LOG_RETENTION_DAYS.includes(days), {
      error: `must be one of the days that CloudWatch Logs knows: ${LOG_RETENTION_DAYS.join(", ")}`,
    })
    .default(30),
  /** Point-in-time recovery stays; `false` lets `cdk destroy` delete the tables and the bucket. For trials. */
  protectData: flag.default(true),
});

/** The settings as parsed: every default filled in. */
export type Settings = z.output<typeof settingsSchema>;
/** The settings as written by an operator. */
export type SettingsInput = z.input<typeof settingsSchema>;
