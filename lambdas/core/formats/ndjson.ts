import { DELIVERY_MAX_BYTES, DELIVERY_MAX_EVENTS, type Format } from "./format.ts";
import { judgeStatus } from "./judge-status.ts";

const NEWLINE = Buffer.from("\n");

/** One CloudEvents envelope per line, each line ending with a newline (github.com/ndjson/ndjson-spec). */
export const ndjson: Format<"ndjson"> = {
  name: "ndjson",
  summary: `1 to ${DELIVERY_MAX_EVENTS} CloudEvents envelopes, one a line`,
  contentType: "application/x-ndjson",
  limits: { events: DELIVERY_MAX_EVENTS, bytes: DELIVERY_MAX_BYTES },
  size: { frame: 0, event: (event) => event.byteLength + NEWLINE.byteLength },
  // A recorded event contains no newline, because newlines separate the events of an entry.
  encode: (events) => Buffer.concat(events.flatMap((event) => [event, NEWLINE])),
  decode: (body) =>
    body
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line)),
  judge: judgeStatus,
};
