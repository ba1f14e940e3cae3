import { DELIVERY_MAX_BYTES, type Format } from "./format.ts";
import { judgeStatus } from "./judge-status.ts";

/** Structured content mode of the CloudEvents HTTP binding. */
export const cloudeventsStructured: Format<"cloudevents-structured"> = {
  name: "cloudevents-structured",
  summary: "one event a request",
  contentType: "application/cloudevents+json; charset=utf-8",
  limits: { events: 1, bytes: DELIVERY_MAX_BYTES },
  size: { frame: 0, event: (event) => event.byteLength },
  encode: (events) => Buffer.concat(events),
  decode: (body) => [JSON.parse(body)],
  judge: judgeStatus,
};
