import * as z from "zod/mini";
import { DESTINATION_EXAMPLE, destinationSchema, SECRET_EXAMPLE } from "./destination-api.ts";
import { component, described, fields, time, timestamp, whole } from "../base/field.ts";

const MAX_GRACE_SECONDS = 7 * 86_400;
const DEFAULT_GRACE_SECONDS = 86_400;

export const placeSchema = component(
  "Place",
  "A place in the journal of the workspace: an event of a page",
  z.object({ page: z.int(), index: z.int() }),
  { page: 42, index: 0 },
);

export const enableRequestSchema = component(
  "EnableRequest",
  "Where deliveries go on",
  fields('{ from?: "now" | "where-it-stopped" | <time> }', {
    from: described(
      "`now`: with what is recorded from now on. `where-it-stopped`: nothing is left out. A time, no later than a minute from now: from the first page of the journal that is not before it",
      z._default(
        z.union([z.enum(["now", "where-it-stopped"]), time()], {
          error: 'must be "now", "where-it-stopped" or a time as RFC 3339 has it',
        }),
        "where-it-stopped",
      ),
    ),
  }),
  { from: "where-it-stopped" },
  { from: "2026-11-23T05:00:00Z" },
);

export const enabledDestinationSchema = component(
  "EnabledDestination",
  "A destination, and where its deliveries go on",
  z.extend(destinationSchema, { startsAt: placeSchema }),
  { ...DESTINATION_EXAMPLE, startsAt: { page: 42, index: 0 } },
);

export const rotateRequestSchema = component(
  "RotateRequest",
  "How the secret is rotated",
  fields("{ graceSeconds? }", {
    graceSeconds: described(
      "For how long the secret before signs too",
      z._default(whole("seconds", 0, MAX_GRACE_SECONDS), DEFAULT_GRACE_SECONDS),
    ),
  }),
  { graceSeconds: DEFAULT_GRACE_SECONDS },
);

export const rotatedSecretSchema = component(
  "RotatedSecret",
  "The new secret: the only time that it is shown",
  z.object({
    secret: z.string(),
    previousValidUntil: described(
      "Until then deliveries carry a signature by the secret before, too",
      timestamp(),
    ),
  }),
  {
    secret: SECRET_EXAMPLE,
    previousValidUntil: "2026-11-24T05:00:00.000Z",
  },
);
