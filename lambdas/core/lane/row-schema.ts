import * as z from "zod/mini";
import { renamedAttributes } from "../base/renamed-attributes.ts";
import { formatSchema } from "../formats/known-formats.ts";
import { positionSchema } from "../journal/page.ts";
import { journalRangeSchema } from "../journal/range.ts";
import { recordedSchema } from "../journal/recorded-window.ts";
import type { PendingBatch } from "./state.ts";

/**
 * Lanes as rows of the Registry. Attributes are renamed over two releases, because functions of two versions run side by side during a
 * deployment, and a row may be read by the version before after a rollback. An older function that overlooked a pending batch would give
 * its number a second time. So this version reads both names and still writes the former ones, which the version before reads; a later
 * one may write the new names, and the one after that may forget the former. Without a rename the rule is: an attribute that is added is
 * optional, and a version that does not know it may drop it, since it replaces whole rows.
 */
export const FORMER_NAMES = {
  frozen: "pending",
  hurried: "immediateRetries",
  lookedAt: "lastSelectedAt",
  lapsed: "expiredRanges",
  failingToldAt: "failingNotifiedAt",
  failingTold: "failingAdvice",
  untold: "pendingNotice",
} as const;

const pendingSchema = renamedAttributes(
  z.object({
    id: z.string(),
    number: z.number(),
    selectedAt: z.string(),
    format: formatSchema,
    contentVersion: z.number(),
    end: positionSchema,
    count: z.number(),
    check: z.string(),
    parent: z.optional(z.string()),
  }),
  { frozenAt: "selectedAt" },
);

const lastDeliverySchema = z.object({
  id: z.string(),
  at: z.string(),
  outcome: z.string(),
  statusCode: z.nullable(z.number()),
  durationMs: z.number(),
  error: z.nullable(z.string()),
  beforeSplit: z.optional(z.string()),
});

export const laneAttributes = z.object({
  workspace: z.string(),
  item: z.string(),
  destination: z.string(),
  lane: z.string(),
  status: z.enum(["live", "suspended", "disabled", "ended"]),
  version: z.number(),
  cursor: positionSchema,
  number: z.number(),
  previousId: z.string(),
  pending: z.optional(pendingSchema),
  attempts: z.number(),
  firstAttemptAt: z.optional(z.string()),
  /** End of a live lane's wait, or when a suspended lane's notice is due. With `dueShard` it is the key in the `due` index. */
  nextAttemptAt: z.optional(z.string()),
  dueShard: z.optional(z.string()),
  until: z.optional(positionSchema),
  recorded: z.optional(recordedSchema),
  /** The number that is to be skipped. */
  skip: z.optional(z.number()),
  batchLimit: z.optional(z.number()),
  immediateRetries: z.optional(z.number()),
  lastSelectedAt: z.optional(z.string()),
  lastDelivery: z.optional(lastDeliverySchema),
  failingSince: z.optional(z.string()),
  consecutiveFailures: z.number(),
  /** Of a suspended lane, and of a lane that was enabled since, until its owner was notified. `cancelled` on a cancelled replay. */
  suspendedReason: z.optional(z.string()),
  splitParent: z.optional(z.string()),
  splitEnd: z.optional(positionSchema),
  failingNotifiedAt: z.optional(z.string()),
  failingAdvice: z.optional(z.array(z.string())),
  /** Version in the key of a notice still to be sent: of the suspension on a suspended lane, else of the failing. */
  pendingNotice: z.optional(z.number()),
  eventsPerSecond: z.optional(z.number()),
  slowAnswers: z.optional(z.number()),
  expiredRanges: z.optional(z.array(journalRangeSchema)),
  createdAt: z.string(),
});
export type LaneAttributes = z.infer<typeof laneAttributes>;

/** The role of a function that moves lanes allows it to put rows of these attributes alone. */
export const LANE_ATTRIBUTES: readonly string[] = [
  ...Object.keys(laneAttributes.shape),
  ...Object.keys(FORMER_NAMES),
];

/** What retention needs of a lane's row: the attributes to read, and their schema. */
export const POSITION_ATTRIBUTES = [
  "destination",
  "lane",
  "status",
  "cursor",
  "lapsed",
  "expiredRanges",
] as const;
export const lanePositionSchema = renamedAttributes(
  z.pick(laneAttributes, { destination: true, lane: true, status: true, cursor: true, expiredRanges: true }),
  { lapsed: FORMER_NAMES.lapsed },
);
export type LanePosition = z.infer<typeof lanePositionSchema>;

type FormerName = keyof typeof FORMER_NAMES;
type NewName<Name extends FormerName> = (typeof FORMER_NAMES)[Name];

/** A row as this version writes it. */
export type LaneRow = Omit<LaneAttributes, NewName<FormerName>> & {
  [Name in Exclude<FormerName, "frozen">]?: LaneAttributes[NewName<Name>];
} & {
  frozen?:
    | (Omit<PendingBatch, "selectedAt" | "isSkipRequested"> & { number: number; frozenAt: string })
    | undefined;
};
