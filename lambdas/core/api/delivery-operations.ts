import { deliveryListSchema, deliveryParametersSchema, deliverySchema } from "./delivery-api.ts";
import { DESTINATION } from "./destination-operations.ts";
import type { Operation } from "./operation.ts";
import {
  replayCountSchema,
  replayListSchema,
  replayParametersSchema,
  replayRequestSchema,
  replaySchema,
} from "./replay-api.ts";

const REPLAYS = `${DESTINATION}/replays`;
const DELIVERIES = `${DESTINATION}/deliveries`;
const unknown = (what: string) => `There is no such workspace, destination or ${what}`;
const contended = "The lane moved on at the same time: look again";

const STARTED = {
  description: "Started",
  schema: replaySchema,
  headers: { Location: "Path of the replay" },
  leadsTo: { parameter: "rpl", at: "/id", operations: ["getReplay", "cancelReplay"] },
};

/** Operations on deliveries and replays. */
export const deliveryOperations = {
  createReplay: {
    method: "POST",
    path: REPLAYS,
    tag: "Replays",
    summary: "Deliver recorded events again, or count them",
    description:
      "A replay has a lane of its own: live events do not wait behind it. While the destination is disabled, replays are counted but not started.",
    scope: "destinations:write",
    body: replayRequestSchema,
    answers: {
      200: { description: "Counted (`dryRun`)", schema: replayCountSchema },
      201: STARTED,
    },
    refusals: {
      400: "The body is not valid",
      403: "The token may not, or the plan has no forwarding",
      404: unknown("window"),
      409: "The destination is disabled, too many of its replays are running, or it was being changed at the same time",
      413: "The body is too large",
    },
  },
  listReplays: {
    method: "GET",
    path: REPLAYS,
    tag: "Replays",
    summary: "List replays",
    scope: "destinations:write",
    query: replayParametersSchema,
    answers: { 200: { description: "A part of the list", schema: replayListSchema } },
    refusals: { 400: "A parameter is not valid", 404: unknown("list") },
  },
  getReplay: {
    method: "GET",
    path: `${REPLAYS}/{rpl}`,
    tag: "Replays",
    summary: "Read how far a replay is",
    scope: "destinations:write",
    answers: { 200: { description: "The replay", schema: replaySchema } },
    refusals: { 404: unknown("replay") },
  },
  cancelReplay: {
    method: "DELETE",
    path: `${REPLAYS}/{rpl}`,
    tag: "Replays",
    summary: "Cancel a replay",
    description: "What is under way may still arrive. A replay that has ended already stays as it ended.",
    scope: "destinations:write",
    answers: { 204: { description: "It does not go on" } },
    refusals: { 404: unknown("replay"), 409: contended },
  },
  listDeliveries: {
    method: "GET",
    path: DELIVERIES,
    tag: "Deliveries",
    summary: "List deliveries",
    description:
      "One answer looks at 1,000 deliveries at most: with a filter it may hold few items, or none, and still a cursor to go on.",
    scope: "destinations:read",
    query: deliveryParametersSchema,
    answers: {
      200: {
        description: "A part of the list",
        schema: deliveryListSchema,
        leadsTo: { parameter: "whd", at: "/items/0/id", operations: ["getDelivery", "retryDelivery"] },
      },
    },
    refusals: { 400: "A parameter is not valid", 404: unknown("list") },
  },
  getDelivery: {
    method: "GET",
    path: `${DELIVERIES}/{whd}`,
    tag: "Deliveries",
    summary: "Read a delivery and its attempts",
    scope: "destinations:read",
    answers: { 200: { description: "The delivery", schema: deliverySchema } },
    refusals: { 404: unknown("delivery") },
  },
  retryDelivery: {
    method: "POST",
    path: `${DELIVERIES}/{whd}/retry`,
    tag: "Deliveries",
    summary: "Try a delivery again within a minute",
    description:
      "One that is waiting is tried as soon as a wait that has begun ends, which takes up to a minute. One that is closed is sent again by a replay of its events.",
    scope: "destinations:write",
    answers: { 202: { description: "It is being tried", schema: deliverySchema } },
    refusals: {
      403: "The token may not, or the plan has no forwarding",
      404: unknown("delivery"),
      409: "The destination is disabled, too many of its replays are running, the events have expired, or the lane moved on at the same time",
    },
  },
  skipDelivery: {
    method: "POST",
    path: `${DELIVERIES}/{whd}/skip`,
    tag: "Deliveries",
    summary: "Give up a delivery that the receiver always refuses",
    description: "Its events are passed, its number stays in the chain, and the audit log says who did it.",
    scope: "destinations:write",
    answers: { 202: { description: "It is being skipped", schema: deliverySchema } },
    refusals: {
      404: unknown("delivery"),
      409: "The delivery is closed already, or the lane moved on at the same time",
    },
  },
} as const satisfies Record<string, Operation>;
