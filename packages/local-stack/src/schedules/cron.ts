import { UnknownTemplateError } from "../errors.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };
const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split(" ");
/** A cron expression without a time in this period counts as one that never fires. */
const SEARCH_DAYS = 366 * 8;

/** The first time after `after` at which a schedule fires; both are in milliseconds since 1970. */
export type Schedule = (after: number) => number;

interface Field {
  from: number;
  to: number;
  names: readonly string[];
  /** The number that the first name stands for. */
  first: number;
}

const FIELDS = {
  minute: { from: 0, to: 59, names: [], first: 0 },
  hour: { from: 0, to: 23, names: [], first: 0 },
  day: { from: 1, to: 31, names: [], first: 1 },
  month: { from: 1, to: 12, names: MONTHS, first: 1 },
  weekday: { from: 1, to: 7, names: WEEKDAYS, first: 1 },
  year: { from: 1970, to: 2199, names: [], first: 0 },
} as const satisfies Record<string, Field>;

function numberOf(field: Field, text: string): number {
  const named = field.names.indexOf(text.toUpperCase());
  return named === -1 ? Number(text) : named + field.first;
}

/** The values that a part such as `1-5`, `*`/`?` or `0/15` allows; undefined if it is not supported (`L`, `W`, `#`). */
function parsePart(field: Field, part: string): Set<number> | undefined {
  const [range = "", stepText] = part.split("/");
  const step = stepText === undefined ? 1 : Number(stepText);
  const [low, high] = range.split("-");
  const any = range === "*" || range === "?";
  const from = any ? field.from : numberOf(field, low ?? "");
  const to =
    any || (high === undefined && stepText !== undefined) ? field.to : numberOf(field, high ?? low ?? "");
  const valid = [from, to, step].every(Number.isInteger) && step > 0 && from >= field.from && to <= field.to;
  if (!valid || low === "" || from > to) return undefined;
  return new Set(
    Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step),
  );
}

function parseField(field: Field, text: string): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const parsed = parsePart(field, part);
    if (parsed === undefined) return undefined;
    for (const value of parsed) values.add(value);
  }
  return values;
}

function parseCron(where: string, text: string): Schedule {
  const [minute = "", hour = "", day = "", month = "", weekday = "", year = "", more] = text.split(/\s+/);
  const minutes = parseField(FIELDS.minute, minute);
  const hours = parseField(FIELDS.hour, hour);
  const days = parseField(FIELDS.day, day);
  const months = parseField(FIELDS.month, month);
  const weekdays = parseField(FIELDS.weekday, weekday);
  const years = parseField(FIELDS.year, year);
  if (more !== undefined || !minutes || !hours || !days || !months || !weekdays || !years) {
    throw new UnknownTemplateError(where, `schedule expression cron(${text})`);
  }
  const fits = (at: Date): boolean =>
    years.has(at.getUTCFullYear()) &&
    months.has(at.getUTCMonth() + 1) &&
    days.has(at.getUTCDate()) &&
    weekdays.has(at.getUTCDay() + 1);
  const times = [...hours]
    .flatMap((h) => [...minutes].map((m) => h * HOUR_MS + m * MINUTE_MS))
    .toSorted((a, b) => a - b);
  return (after) => {
    const today = Math.floor(after / DAY_MS) * DAY_MS;
    for (let midnight = today; midnight < today + SEARCH_DAYS * DAY_MS; midnight += DAY_MS) {
      if (!fits(new Date(midnight))) continue;
      const time = times.find((offset) => midnight + offset > after);
      if (time !== undefined) return midnight + time;
    }
    return Infinity;
  };
}

/** Parses `rate(…)` and `cron(…)` in UTC. Throws `UnknownTemplateError` for anything else. */
export function parseSchedule(where: string, expression: string): Schedule {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate !== null) {
    const every = Number(rate[1]) * (UNITS[rate[2] ?? ""] ?? MINUTE_MS);
    if (every > 0) return (after) => after + every;
  }
  const cron = /^cron\((.+)\)$/.exec(expression)?.[1];
  if (cron !== undefined) return parseCron(where, cron.trim());
  throw new UnknownTemplateError(where, `schedule expression ${expression}`);
}
