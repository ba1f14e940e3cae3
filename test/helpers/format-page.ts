import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SECRET_EXAMPLE } from "../../lambdas/core/api/destination-api.ts";
import { composeRequest } from "../../lambdas/core/delivery/compose-request.ts";
import type { Answer, Format, Judgement } from "../../lambdas/core/formats/format.ts";
import type { FormatName } from "../../lambdas/core/formats/known-formats.ts";

/** When the request of each page was signed. */
export const SIGNED_AT = Date.parse("2026-11-23T05:00:01.000Z");

/** Events as an entry stores them, one per line. */
export const STORED_EVENTS: readonly Uint8Array[] = readFileSync(
  join(import.meta.dirname, "../fixtures/formats/stored-events.ndjson"),
  "utf8",
)
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => Buffer.from(line));

/** The events of `format`'s page: as many of the stored ones as one request takes. */
export function eventsOnPage({ limits }: Format): readonly Uint8Array[] {
  return STORED_EVENTS.slice(0, limits.events);
}

/** The page of a format in `docs/formats`: its properties, and a request byte for byte. */
export function formatPage(format: Format<FormatName>): string {
  const { name, summary, contentType, limits } = format;
  const rows = [
    ["`Content-Type`", `\`${contentType}\``],
    ["events in a request", limits.events === 1 ? "1" : `1 to ${limits.events}`],
    ["bytes of a body", `at most ${limits.bytes}; an event that exceeds them by itself is sent alone`],
    ["delivered", statuses(format, "delivered")],
    ["too large: more than one event is sent again in two halves", statuses(format, "too-large")],
    ["gone: the destination is suspended", statuses(format, "gone")],
    ["refused: the same request is sent again later", "every other answer"],
    ["test event", "a request with one event"],
  ];
  return [
    `# \`${name}\``,
    "",
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    "",
    ...table(["property", "value"], rows),
    "",
    "## A request",
    "",
    `Signed with the secret \`${SECRET_EXAMPLE}\`. Between header and body there is one empty line; \`content-length\` counts the bytes of the body.`,
    "",
    "```http",
    `${requestText(format)}`,
    "```",
    "",
  ].join("\n");
}

/** The statuses from 100 to 599 that a format judges this way. */
function statuses({ judge }: Format, kind: Judgement["kind"]): string {
  const found = Array.from({ length: 500 }, (_, index) => index + 100).filter(
    (statusCode) => judge({ statusCode } satisfies Answer).kind === kind,
  );
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined) return "no answer";
  if (first === last) return String(first);
  return last === first + found.length - 1 ? `${first} to ${last}` : found.join(", ");
}

function requestText(format: Format<FormatName>): string {
  const { url, headers, body } = composeRequest({
    destination: { url: "https://siem.example.com/intake" },
    secret: { current: SECRET_EXAMPLE, former: [], headers: {}, auth: { type: "none" } },
    format: format.name,
    link: {
      lane: "live",
      number: 7,
      previousId: "whd_01KAQN3QZ3K9Q2B4T7W1Y5N8CE",
      id: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
    },
    body: format.encode(eventsOnPage(format)),
    now: SIGNED_AT,
    version: "0.1.0",
  });
  const { host, pathname } = new URL(url);
  const sent = { host, "content-length": String(body.byteLength), ...headers };
  return [
    `POST ${pathname} HTTP/1.1`,
    ...Object.entries(sent).map(([name, value]) => `${name}: ${value}`),
    "",
    Buffer.from(body).toString().replace(/\n$/, ""),
  ].join("\n");
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}
