import { DELIVERY_MAX_BYTES, DELIVERY_MAX_EVENTS, type Format } from "./format.ts";
import { judgeStatus } from "./judge-status.ts";

const OPEN = Buffer.from("[");
const COMMA = Buffer.from(",");
const CLOSE = Buffer.from("]");

/** Batched content mode of the CloudEvents HTTP binding. */
export const cloudeventsBatch: Format<"cloudevents-batch"> = {
  name: "cloudevents-batch",
  summary: `an array of 1 to ${DELIVERY_MAX_EVENTS} events`,
  contentType: "application/cloudevents-batch+json; charset=utf-8",
  limits: { events: DELIVERY_MAX_EVENTS, bytes: DELIVERY_MAX_BYTES },
  size: { frame: OPEN.byteLength + CLOSE.byteLength, event: (event) => event.byteLength + COMMA.byteLength },
  encode: (events) => {
    const parts = events.flatMap((event, index) => (index === 0 ? [event] : [COMMA, event]));
    return Buffer.concat([OPEN, ...parts, CLOSE]);
  },
  decode: (body) => {
    const events: unknown = JSON.parse(body);
    if (!Array.isArray(events)) throw new TypeError("The body is not a JSON array");
    return events;
  },
  judge: judgeStatus,
};
