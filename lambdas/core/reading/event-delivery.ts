import { type Destination, wantsType } from "../destination/destination.ts";
import type { DeliveryRecord } from "../delivery/delivery-record.ts";
import { comparePositions, type Position } from "../journal/page.ts";
import { isRecordedIn } from "../journal/recorded-window.ts";
import { isOwnFailure } from "../lane/owner-notice.ts";

/**
 * Number of a destination's deliveries that are examined from each end: those since the event was recorded, and the
 * most recent ones.
 */
export const SPANS_LOOKED_AT = 250;

/** A delivery that contained an event. */
export interface EventDelivery {
  destination: string;
  /** `whd_…` */
  id: string;
  outcome: string;
  frozenAt: string;
  /**
   * `false` if the delivery's range contains the event, but the filter of that time is no longer known and may have
   * excluded it.
   */
  certain: boolean;
}

export interface EventDeliveries {
  /** Newest first. */
  deliveries: EventDelivery[];
  /** True if some deliveries were not examined; any of them may contain the event. */
  more: boolean;
}

/** The event whose deliveries are looked for. */
export interface DeliveredEvent {
  place: Position;
  recordedAt: string;
  type: string;
  /** The event's recorded JSON. */
  line: string;
}

/** The part of a delivery's row that tells which events it contained. */
export type DeliverySpan = Pick<
  DeliveryRecord,
  | "delivery"
  | "outcome"
  | "createdAt"
  | "first"
  | "end"
  | "recorded"
  | "count"
  | "contentVersion"
  | "expiresAt"
>;

/**
 * The delivery, if it contained the event. A delivery's range also covers events that a replay's window or the filter
 * excluded. The row keeps the window; the content version tells which filter it was, until filter or format are
 * changed. After that, only a delivery whose whole range was sent is certain to have contained the event.
 */
export function deliveryOf(
  event: DeliveredEvent,
  span: DeliverySpan,
  destination: Pick<Destination, "destination" | "eventTypes" | "contentVersion">,
  settings: { eventTypePrefix: string; now: number },
): EventDelivery | undefined {
  const { first, end, count } = span;
  if (comparePositions(event.place, first) < 0 || comparePositions(event.place, end) >= 0) return undefined;
  if (!isRecordedIn(event, span.recorded) || span.expiresAt * 1000 <= settings.now) return undefined;
  if (isOwnFailure(Buffer.from(event.line), destination.destination, settings.eventTypePrefix))
    return undefined;
  const isSameFilter = span.contentVersion === destination.contentVersion;
  if (isSameFilter && !wantsType(destination.eventTypes, event.type)) return undefined;
  const isWhole = first.page === end.page && end.index - first.index === count;
  return {
    destination: destination.destination,
    id: span.delivery,
    outcome: span.outcome,
    frozenAt: span.createdAt,
    certain: isSameFilter || isWhole,
  };
}
