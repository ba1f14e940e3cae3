import type { z } from "zod";
import { settingsSchema, type Settings } from "./settings-schema.ts";

/** Thrown when the deployment's settings are wrong. The message has one line for each mistake. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      ["The settings of this deployment cannot be used:", ...mistakes.map((line) => `- ${line}`)].join("\n"),
    );
    this.mistakes = mistakes;
  }
}

/**
 * Parses settings given as JSON text (`cdk … -c trailcast='{…}'`) or as a value (`cdk.json`, a construct's properties).
 * @throws SettingsError naming each setting that is wrong, its limit, and the value given
 */
export function parseSettings(given: unknown): Settings {
  const value = typeof given === "string" ? jsonOf(given) : given;
  if (value === undefined) {
    throw new SettingsError([
      'nothing is set: give at least { "sourceBaseUrl": "https://…" }, the address of your product, as "trailcast" in the context of cdk.json',
    ]);
  }
  const parsed = settingsSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw new SettingsError(parsed.error.issues.flatMap(describeIssue));
  const mistakes = contradictions(parsed.data);
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SettingsError([`they are not JSON: ${text.slice(0, 60)}`]);
  }
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map(
      (key) => `${[...issue.path, key].join(".")} is not a setting; remove it or correct its name`,
    );
  }
  // A record reports an invalid key as an issue that contains the issue of the key.
  const message = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const subject = path === "" ? "the value" : path;
  if (issue.input === undefined) return [`${subject} is missing: it ${message}`];
  return [`${subject} ${message}, but is ${show(issue.input)}`];
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/**
 * These settings are in the functions' environment, for which Lambda allows 4 kB in all, and names and URLs need the
 * rest.
 */
const MAX_RECORD_BYTES = 2048;
const MAX_ENVIRONMENT_BYTES = 2560;

function tooLong(settings: Settings): string[] {
  const { sourceBaseUrl, upgradeUrl = "", eventTypePrefix, scopePrefix = "", secretPrefix = "" } = settings;
  const records = Buffer.byteLength(JSON.stringify(settings.plans) + JSON.stringify(settings.shards));
  if (records > MAX_RECORD_BYTES) {
    return [
      `plans and shards must have at most ${MAX_RECORD_BYTES} bytes together as JSON, but have ${records}: a function's environment ends at 4 kB. Leave out plans that no workspace has, and shards of workspaces that need none`,
    ];
  }
  const texts = Buffer.byteLength(sourceBaseUrl + upgradeUrl + eventTypePrefix + scopePrefix + secretPrefix);
  if (records + texts <= MAX_ENVIRONMENT_BYTES) return [];
  return [
    `plans, shards, sourceBaseUrl, upgradeUrl, eventTypePrefix, scopePrefix and secretPrefix must have at most ${MAX_ENVIRONMENT_BYTES} bytes together, but have ${records + texts}: a function's environment ends at 4 kB. Shorten the longest`,
  ];
}

function contradictions(settings: Settings): string[] {
  const mistakes = tooLong(settings);
  if (settings.oidc !== undefined && settings.cognito !== undefined) {
    mistakes.push("cognito has no effect beside oidc: remove one of them");
  }
  if (settings.oidc === undefined && settings.scopePrefix !== undefined) {
    mistakes.push("scopePrefix is for tokens of your own issuer: set oidc with it, or remove it");
  }
  if (settings.retry.giveUpAfterHours > settings.delivery.logDays * 24) {
    mistakes.push(
      "delivery.logDays must be at least retry.giveUpAfterHours, or attempts vanish from the log while they go on",
    );
  }
  return mistakes;
}
