import { type Destination, wantsType } from "../destination/destination.ts";
import type { DeliveryRecord } from "../delivery/delivery-record.ts";
import { comparePositions, type Position } from "../journal/page.ts";
import { isRecordedIn } from "../journal/recorded-window.ts";
import { isOwnFailure } from "../lane/owner-notice.ts";

/** Deliveries of a destination that are looked at from each end: since the event was recorded, and back from now. */
export const SPANS_LOOKED_AT = 250;

/** A delivery that held an event. */
export interface EventDelivery {
  destination: string;
  /** `whd_…` */
  id: string;
  outcome: string;
  frozenAt: string;
  /** `false`: its span holds the event, but the filter of that time is not known any more and may have left it out. */
  certain: boolean;
}

export interface EventDeliveries {
  /** Newest first. */
  deliveries: EventDelivery[];
  /** There are more deliveries than were looked at, and any of them may hold the event. */
  more: boolean;
}

/** An event as its deliveries are looked for. */
export interface DeliveredEvent {
  place: Position;
  recordedAt: string;
  type: string;
  /** Its recorded JSON. */
  line: string;
}

/** The part of a delivery's row that says what it held. */
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
 * The delivery, if it held the event. A span also covers what its replay left out, of which the row keeps the times, and what its
 * filter left out: which filter that was, the content version tells, until the filter or the format is changed. From then on only a
 * span that was delivered whole is sure to hold it.
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
