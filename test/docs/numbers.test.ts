import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_RETRY,
  RETRY_AFTER_MAX_SECONDS,
  RETRY_AFTER_MIN_SECONDS,
  SCHEDULE_LIMITS,
} from "../../lambdas/core/delivery/retry-schedule.ts";
import { parseSettings } from "../../lib/settings.ts";
import { settingsSchema } from "../../lib/settings-schema.ts";
import { readSources } from "../helpers/source-files.ts";

const read = (page: string): string => readFileSync(join(import.meta.dirname, "../../docs", page), "utf8");
const delivery = read("delivery.md");
const operate = read("operate.md");

/** The cells of the rows below the header whose first column is this one. */
function tableOf(page: string, column: string): string[][] {
  const lines = page.split("\n");
  const header = lines.findIndex((line) => line.startsWith(`| ${column} `));
  const rest = lines.slice(header + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function duration(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

describe("the retry schedule in docs/delivery.md", () => {
  it("matches the default of the setting", () => {
    const waits = DEFAULT_RETRY.schedule.map(duration);
    expect(tableOf(delivery, "attempt")).toEqual([
      ["1", "at once"],
      ...waits.map((wait, index) => [index + 1 < waits.length ? String(index + 2) : "later", wait]),
    ]);
  });

  it("states the limits of the setting, and when deliveries are given up", () => {
    const { waits, minSeconds, maxSeconds, minLastSeconds } = SCHEDULE_LIMITS;
    expect(delivery).toContain(
      `a list of 1 to ${waits} waits from ${duration(minSeconds)} to ${duration(maxSeconds)}, of which the last repeats and has at least ${minLastSeconds} s`,
    );
    expect(delivery).toContain("three days (`retry.giveUpAfterHours`)");
    expect(DEFAULT_RETRY.giveUpAfterHours).toBe(3 * 24);
  });
});

const core = readSources(["lambdas/core"]);

/** The value of a constant that is a number or a product of numbers. Fails unless exactly one file of core declares it. */
function thresholdOf(name: string): number {
  const declared = core.flatMap(({ text }) =>
    [...text.matchAll(new RegExp(`^(?:export )?const ${name} = ([\\d_ *]+);`, "gm"))].map(
      ([, value = ""]) => value,
    ),
  );
  expect({ name, declared: declared.length }).toEqual({ name, declared: 1 });
  return (declared[0] ?? "")
    .split("*")
    .map((factor) => Number(factor.replaceAll("_", "")))
    .reduce((product, factor) => product * factor);
}

it("the thresholds in docs/delivery.md match the code, where each is declared once", () => {
  expect(tableOf(delivery, "threshold").map(([, value]) => value)).toEqual([
    `${duration(RETRY_AFTER_MIN_SECONDS)}, ${duration(RETRY_AFTER_MAX_SECONDS)}`,
    `${thresholdOf("VISIBILITY_MAX_SECONDS")} s`,
    duration(thresholdOf("SLOW_ANSWER_MS") / 1000),
    String(thresholdOf("SLOW_ANSWERS")),
    duration(thresholdOf("FAILING_AFTER_MS") / 1000),
    duration(thresholdOf("REPEAT_AFTER_MS") / 1000),
    String(thresholdOf("ATTEMPTS_KEPT")),
    thresholdOf("MAX_COUNTED_EVENTS").toLocaleString("en"),
  ]);
});

/** `a.b`, `.c` stands for `a.b` and `a.c`. */
function settingsOf(cell: string): string[] {
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  const [first = ""] = names;
  return names.map((name) => (name.startsWith(".") ? first.replace(/\.\w+$/, name) : name));
}

/** Settings whose default is not a plain value, so the table describes it in words. */
const DESCRIBED = new Set(["sourceBaseUrl", "oidc", "cognito", "secretPrefix"]);

function shownDefault(value: unknown): string {
  if (value === undefined || (typeof value === "object" && Object.keys(Object(value)).length === 0))
    return "none";
  if (Array.isArray(value)) return `\`[${value.join(", ")}]\``;
  return typeof value === "string" ? `\`${value}\`` : String(value);
}

describe("the table of settings in docs/operate.md", () => {
  const defaults: Record<string, unknown> = parseSettings({ sourceBaseUrl: "https://app.example.com" });
  const rows = tableOf(operate, "setting").map(([names = "", shown = ""]) => ({
    names: settingsOf(names),
    shown,
  }));

  /** The names of all settings; those in groups contain a dot, such as `retry.schedule`. */
  const names = Object.keys(settingsSchema.shape).flatMap((name) => {
    const value = defaults[name];
    const isGroup = !["plans", "shards"].includes(name) && typeof value === "object" && value !== null;
    return isGroup ? Object.keys(value).map((key) => `${name}.${key}`) : [name];
  });

  it("lists every setting, and no other", () => {
    expect(rows.flatMap((row) => row.names).toSorted()).toEqual(names.toSorted());
  });

  it("shows each default", () => {
    const valueOf = (name: string): unknown =>
      name.split(".").reduce<unknown>((value, key) => Reflect.get(Object(value), key), defaults);
    for (const row of rows.filter(({ names: [name = ""] }) => !DESCRIBED.has(name) && name !== "plans")) {
      const shown = row.names.map(valueOf).map(shownDefault).join(", ");
      expect(`${row.names.join()}: ${row.shown}`).toBe(`${row.names.join()}: ${shown}`);
    }
  });

  it("shows the plans", () => {
    const { plans } = parseSettings({ sourceBaseUrl: "https://app.example.com" });
    const texts = Object.entries(plans).map(([name, { retentionDays, forwarding, maxDestinations }], index) =>
      [
        `\`${name}\` ${retentionDays}`,
        ...(index === 0 ? ["days"] : []),
        ...(forwarding ? [`with forwarding to ${maxDestinations} destinations`] : []),
      ].join(" "),
    );
    expect(rows.find((row) => row.names[0] === "plans")?.shown).toBe(texts.join(", "));
  });
});
