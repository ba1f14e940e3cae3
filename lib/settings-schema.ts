import { z } from "zod";
import { DEFAULT_RETRY, SCHEDULE_LIMITS } from "../lambdas/core/delivery/retry-schedule.ts";
import { DEFAULT_RETENTION, MAX_RETENTION_DAYS } from "../lambdas/core/workspace/retention.ts";

/** The retention periods in days that CloudWatch Logs accepts. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** A whole number. All its refusals are the same sentence with the limits and the unit. */
function whole(unit: string, min: number, max: number): z.ZodNumber {
  const message = `must be a whole number of ${unit} from ${min} to ${max}`;
  return z.int({ error: message }).min(min, { error: message }).max(max, { error: message });
}

/** A text. All its refusals are the same sentence, which says what the text must look like. */
function text(message: string, holds: (value: string) => boolean): z.ZodType<string> {
  return z.string({ error: message }).refine(holds, { error: message });
}

/** Limits URLs that are in a function's environment, for which Lambda allows 4 kB in all. */
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
  /** How long events are visible. */
  retentionDays: whole("days", 1, MAX_RETENTION_DAYS),
  /** Whether workspaces on this plan may have destinations. */
  forwarding: flag,
  /** How many destinations one workspace may have. */
  maxDestinations: whole("destinations", 0, 100).default(10),
});

const scheduleMessage = `must be a list of 1 to ${SCHEDULE_LIMITS.waits} waits in seconds, such as [5, 60, 3600]`;
const lastWaitMessage = `must end with at least ${SCHEDULE_LIMITS.minLastSeconds} seconds, because its last wait repeats`;
const scheduleSchema = z
  .array(whole("seconds", SCHEDULE_LIMITS.minSeconds, SCHEDULE_LIMITS.maxSeconds), { error: scheduleMessage })
  .min(1, { error: scheduleMessage })
  .max(SCHEDULE_LIMITS.waits, { error: scheduleMessage })
  .refine((waits) => (waits.at(-1) ?? SCHEDULE_LIMITS.minLastSeconds) >= SCHEDULE_LIMITS.minLastSeconds, {
    error: lastWaitMessage,
  });

const DEFAULT_PLANS = {
  free: { retentionDays: 7, forwarding: false, maxDestinations: 0 },
  team: { retentionDays: 30, forwarding: false, maxDestinations: 0 },
  enterprise: { retentionDays: 365, forwarding: true, maxDestinations: 10 },
};

/**
 * The settings of a deployment. Only `sourceBaseUrl` has no default. Every refusal reads as a sentence that begins with
 * the setting's name: `sourceBaseUrl must be …`.
 */
export const settingsSchema = fields("an object of settings: { sourceBaseUrl, … }", {
  /** The CloudEvents attribute `source` is this URL plus `/workspaces/<id>`. */
  sourceBaseUrl: text(
    `must be the https:// address of your product, up to ${MAX_URL_LENGTH} characters without query, fragment and trailing slash`,
    isBaseUrl,
  ),
  /** The CloudEvents attribute `type` is this prefix plus `.{category}.{action}`. */
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
  /** Where a workspace without forwarding can upgrade its plan; part of the refusal. */
  upgradeUrl: text(
    `must be an https:// URL of up to ${MAX_URL_LENGTH} characters, without user name and fragment`,
    (value) => isShort(value) && isHttpsUrl(value),
  ).optional(),
  /** The issuer of the API's tokens. Without it the stack creates a Cognito user pool. */
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
  /** Settings of the user pool that the stack creates without `oidc`. */
  cognito: fields("{ domainPrefix?, callbackUrls? }", {
    domainPrefix: name(
      /^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
      "must be 1 to 63 of a-z, 0-9 and -, without aws, amazon and cognito",
    ).optional(),
    callbackUrls: z.array(httpsUrl, { error: "must be a list of https:// URLs" }).max(20).default([]),
  }).optional(),
  /** Removed from the scopes of a token: with `trailcast/`, the scope `trailcast/events:write` means `events:write`. */
  scopePrefix: name(/^\S{0,100}$/, "must be up to 100 characters without white space").optional(),
  /** Receives the alarms by e-mail once the subscription was confirmed. */
  alarmEmail: text("must be one e-mail address", (value) => z.email().safeParse(value).success).optional(),
  /** Base URL of the runbooks; alarms link to `<runbookUrl>#<alarm>`. */
  runbookUrl: text(
    "must be an https:// URL or a path",
    (value) => isHttpsUrl(value) || /^[\w./-]+$/.test(value),
  ).default("docs/operate.md"),
  egress: fields("{ fixedAddresses? }", {
    /**
     * With 1 or 2 the delivery function runs in a VPC of its own behind this many NAT gateways with fixed addresses,
     * each in its own zone. For a Region that is not known at synthesis CDK assumes two zones.
     */
    fixedAddresses: whole("addresses (0: none; one a zone)", 0, 2).default(0),
  }).prefault({}),
  retry: fields("{ giveUpAfterHours?, schedule? }", {
    /** After this time without a 2xx a destination is suspended. Nothing is dropped. */
    giveUpAfterHours: whole("hours", 1, 336).default(DEFAULT_RETRY.giveUpAfterHours),
    /** Upper bounds of the waits after the 1st, 2nd, … refusal in seconds. The last one repeats. */
    schedule: scheduleSchema.default([...DEFAULT_RETRY.schedule]),
  }).prefault({}),
  delivery: fields("{ concurrency?, slowConcurrency?, logDays? }", {
    /** Concurrent deliveries. Each takes a slot of the account's Lambda concurrency, which ingest uses too. */
    concurrency: whole("deliveries at once", 2, 1000).default(100),
    /** Concurrent deliveries to destinations that answer slowly. */
    slowConcurrency: whole("deliveries at once", 2, 1000).default(25),
    /** How long the delivery log is kept. */
    logDays: whole("days", 1, 365).default(30),
  }).prefault({}),
  fanOut: fields("{ windowSeconds? }", {
    /** How long fan-out gathers records. More means fewer pages and invocations, and later delivery. */
    windowSeconds: whole("seconds", 0, 300).default(0),
  }).prefault({}),
  retention: fields("{ shrinkGraceDays?, endGraceDays?, lookaheadDays?, owedNoticeDays? }", {
    /** After the retention shrank, older events become invisible at once and stay stored for this long. */
    shrinkGraceDays: whole("days", 0, 90).default(DEFAULT_RETENTION.shrinkGraceDays),
    /** How long the log of an ended workspace stays stored. */
    endGraceDays: whole("days", 0, 365).default(DEFAULT_RETENTION.endGraceDays),
    /**
     * Entries that would expire within this time have their expiry extended after the retention grew or a legal hold
     * began.
     */
    lookaheadDays: whole("days", 2, 30).default(DEFAULT_RETENTION.lookaheadDays),
    /** How long before undelivered events expire the owner is notified. */
    owedNoticeDays: whole("days", 1, 30).default(DEFAULT_RETENTION.owedNoticeDays),
  }).prefault({}),
  /**
   * Number of partition keys over which the events of a very busy workspace are spread. Order then holds within each
   * key.
   */
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
    /** Other origins whose pages may call the API. The stack's own console needs none. */
    corsOrigins: z
      .array(text("must be an origin, such as https://app.example.com", isOrigin), {
        error: "must be a list of origins",
      })
      .max(20, { error: "must be at most 20 origins" })
      .default([]),
  }).prefault({}),
  /** Prefix of the names of the destinations' secrets; the stack's name by default. */
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
  /**
   * With `false`, `cdk destroy` deletes the tables and the bucket, which is meant for trials. Point-in-time recovery
   * stays on.
   */
  protectData: flag.default(true),
});

/** The settings after parsing, with every default filled in. */
export type Settings = z.output<typeof settingsSchema>;
/** The settings as an operator writes them. */
export type SettingsInput = z.input<typeof settingsSchema>;
