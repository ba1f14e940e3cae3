import type { RecordedEvent } from "../entry/recorded-event.ts";
import * as z from "zod/mini";

/** The filter of a query. An event must match every part that is given. `actor` and `target` are ids. */
export interface EventFilter {
  category?: string | undefined;
  action?: string | undefined;
  actor?: string | undefined;
  target?: string | undefined;
  /** Text anywhere in the values of `data`, compared without regard to case. */
  q?: string | undefined;
}

export function matchesFilter(event: RecordedEvent, filter: EventFilter): boolean {
  const { action, actor, target } = event.data;
  return (
    equalsIfAsked(filter.category, action.category) &&
    equalsIfAsked(filter.action, action.action) &&
    equalsIfAsked(filter.actor, actor.id) &&
    equalsIfAsked(filter.target, target?.id) &&
    (filter.q === undefined || containsText(event.data, filter.q.toLowerCase()))
  );
}

function equalsIfAsked(asked: string | undefined, value: string | undefined): boolean {
  return asked === undefined || asked === value;
}

function containsText(value: unknown, text: string): boolean {
  if (typeof value === "string") return value.toLowerCase().includes(text);
  if (typeof value === "number" || typeof value === "boolean") return String(value).includes(text);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((part) => containsText(part, text));
}

/** Columns of a CSV export, in order. */
export const CSV_COLUMNS = [
  "id",
  "time",
  "type",
  "category",
  "action",
  "actor_type",
  "actor_id",
  "actor_name",
  "actor_email",
  "target_type",
  "target_id",
  "target_name",
  "description",
  "metadata",
  "context_ip",
  "context_user_agent",
  "context_request_id",
  "recorded_at",
] as const;

/**
 * One CSV cell, always quoted, with quotes doubled (RFC 4180). A value that a spreadsheet would take for a formula (one
 * that begins with = + - @, tab or carriage return, also after spaces) gets an apostrophe in front (OWASP, CSV
 * injection).
 */
export function csvCell(value: unknown): string {
  const text =
    typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
  const safe = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

const csvEventSchema = z.object({
  id: z.string(),
  time: z.string(),
  type: z.string(),
  data: z.object({
    actor: z.record(z.string(), z.unknown()),
    action: z.object({ category: z.string(), action: z.string() }),
    target: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
    description: z.optional(z.nullable(z.string())),
    metadata: z.optional(z.unknown()),
    context: z.optional(z.record(z.string(), z.unknown())),
  }),
});

export const CSV_HEADER = `${CSV_COLUMNS.join(",")}\r\n`;

/**
 * One recorded event (its JSON line) as a CSV row that ends in CRLF. The time of record is a parameter because the line
 * does not contain it.
 */
export function csvRow(line: string, recordedAt: string): string {
  const { id, time, type, data } = csvEventSchema.parse(JSON.parse(line));
  const { actor, action, target, description, metadata, context } = data;
  const cells = [
    id,
    time,
    type,
    action.category,
    action.action,
    actor["type"],
    actor["id"],
    actor["name"],
    actor["email"],
    target?.["type"],
    target?.["id"],
    target?.["name"],
    description,
    metadata,
    context?.["ip"],
    context?.["userAgent"],
    context?.["requestId"],
    recordedAt,
  ];
  return `${cells.map(csvCell).join(",")}\r\n`;
}
