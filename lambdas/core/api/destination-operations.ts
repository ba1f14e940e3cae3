import {
  enabledDestinationSchema,
  enableRequestSchema,
  rotatedSecretSchema,
  rotateRequestSchema,
} from "./destination-actions-api.ts";
import {
  createdDestinationSchema,
  destinationChangeSchema,
  destinationListSchema,
  destinationRequestSchema,
  destinationSchema,
  listParametersSchema,
} from "./destination-api.ts";
import { testResultSchema } from "./delivery-api.ts";
import type { Operation } from "./operation.ts";

export const DESTINATIONS = "/v1/workspaces/{ws}/destinations";
export const DESTINATION = `${DESTINATIONS}/{dst}`;

const tag = "Destinations";
const etag = { ETag: "Version of the destination, for `If-Match`" };
const unknown = "There is no such workspace or destination";
const noForwarding = "The token may not, or the plan has no forwarding";
const contended = "It was being changed at the same time: read it and decide again";
const SECRET_CHANGES = "Secret and headers were changed about 100 times in 24 hours";
const tooLarge = "The body is too large";

/** Operations on destinations. */
export const destinationOperations = {
  listDestinations: {
    method: "GET",
    path: DESTINATIONS,
    tag,
    summary: "List destinations",
    scope: "destinations:read",
    query: listParametersSchema,
    answers: { 200: { description: "A part of the list", schema: destinationListSchema } },
    refusals: { 400: "A parameter is not valid", 404: "There is no such workspace" },
  },
  createDestination: {
    method: "POST",
    path: DESTINATIONS,
    tag,
    summary: "Create a destination",
    description: "Deliveries begin with what is recorded from now on. The secret is shown this once.",
    scope: "destinations:write",
    body: destinationRequestSchema,
    answers: {
      201: {
        description: "Created",
        schema: createdDestinationSchema,
        headers: { ...etag, Location: "Path of the destination" },
        leadsTo: {
          parameter: "dst",
          at: "/id",
          operations: [
            "getDestination",
            "changeDestination",
            "enableDestination",
            "disableDestination",
            "testDestination",
            "rotateSecret",
            "createReplay",
            "listDeliveries",
            "deleteDestination",
          ],
        },
      },
    },
    refusals: {
      400: "The body is not valid, or the URL or a header is not allowed",
      403: noForwarding,
      404: "There is no such workspace",
      409: "The plan's number of destinations is used up, or the workspace was being changed at the same time",
      413: tooLarge,
    },
  },
  getDestination: {
    method: "GET",
    path: DESTINATION,
    tag,
    summary: "Read a destination and its health",
    scope: "destinations:read",
    answers: { 200: { description: "The destination", schema: destinationSchema, headers: etag } },
    refusals: { 404: unknown },
  },
  changeDestination: {
    method: "PATCH",
    path: DESTINATION,
    tag,
    summary: "Change a destination",
    description:
      "A new URL and new headers apply from the next attempt on. A new format or filter also applies to events that are not delivered yet.",
    scope: "destinations:write",
    headers: {
      "If-Match": { description: "`ETag` of the destination that was read", required: true, example: '"1"' },
    },
    body: destinationChangeSchema,
    answers: { 200: { description: "Changed", schema: destinationSchema, headers: etag } },
    refusals: {
      400: "The body is not valid, or the URL or a header is not allowed",
      404: unknown,
      409: "It was being changed at the same time, or the URL has another origin and write-only values were not sent again",
      412: "The destination has another version by now",
      413: tooLarge,
      428: "`If-Match` is missing",
      429: SECRET_CHANGES,
    },
  },
  deleteDestination: {
    method: "DELETE",
    path: DESTINATION,
    tag,
    summary: "Delete a destination, its secret and its replays",
    scope: "destinations:write",
    answers: { 204: { description: "Deleted" } },
    refusals: { 404: unknown, 409: contended },
  },
  enableDestination: {
    method: "POST",
    path: `${DESTINATION}/enable`,
    tag,
    summary: "Let deliveries go on, after a suspension too",
    description:
      "So do its replays, where it was disabled; those that are suspended go on also when the destination itself is live.",
    scope: "destinations:write",
    body: enableRequestSchema,
    bodyOptional: true,
    answers: { 200: { description: "Enabled", schema: enabledDestinationSchema, headers: etag } },
    refusals: {
      400: "The body is not valid",
      403: noForwarding,
      404: unknown,
      409: contended,
      413: tooLarge,
    },
  },
  disableDestination: {
    method: "POST",
    path: `${DESTINATION}/disable`,
    tag,
    summary: "Pause deliveries; where they stopped is kept",
    description:
      "No replay can be started while it is disabled, and one that is under way stands still until it is enabled.",
    scope: "destinations:write",
    answers: { 200: { description: "Disabled", schema: destinationSchema, headers: etag } },
    refusals: { 404: unknown, 409: contended },
  },
  testDestination: {
    method: "POST",
    path: `${DESTINATION}/test`,
    tag,
    summary: "Send a test event now",
    description:
      "It goes the way of a real delivery, also while the destination is disabled, and never changes its health. 10 a minute for a workspace.",
    scope: "destinations:write",
    answers: {
      200: { description: "What it came to: a refusal by the receiver too", schema: testResultSchema },
    },
    refusals: { 404: unknown, 409: contended, 429: "More than 10 in a minute" },
  },
  rotateSecret: {
    method: "POST",
    path: `${DESTINATION}/rotate-secret`,
    tag,
    summary: "Replace the secret",
    description:
      "From the next attempt on deliveries carry a signature by the new secret and, while the grace lasts, one by the secret before. `graceSeconds` 0 drops every former secret at once.",
    scope: "destinations:write",
    body: rotateRequestSchema,
    bodyOptional: true,
    answers: { 200: { description: "Rotated", schema: rotatedSecretSchema } },
    refusals: {
      400: "The body is not valid",
      404: unknown,
      409: contended,
      413: tooLarge,
      429: SECRET_CHANGES,
    },
  },
} as const satisfies Record<string, Operation>;
