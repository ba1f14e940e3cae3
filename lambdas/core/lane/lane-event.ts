import type { DeliveryOutcome } from "../delivery/delivery-record.ts";
import type { Position } from "../journal/page.ts";
import type { JournalRange } from "../journal/range.ts";
import type { FailingNotices, LastDelivery, PendingBatch, Wait } from "./state.ts";

/** Everything that can happen to a lane. Times are milliseconds. */
export type LaneEvent = DeliverEvent | SettlingEvent | NoticeEvent | OwnerEvent;

/** What a run finds in the journal, and what it leaves to others. */
type DeliverEvent =
  /** The events from `begin` to the batch's end got the lane's number; what lies before `begin` is not wanted or has expired. */
  | { kind: "batch-selected"; batch: SelectedBatch; begin: Position; expired: readonly JournalRange[] }
  /** Nothing up to `to` is wanted. */
  | { kind: "progressed"; to: Position; expired: readonly JournalRange[] }
  /** Nothing is left to send. */
  | { kind: "caught-up" }
  /** The destination cannot receive. Whoever changes that sends a wake-up, so that the sweep need not. */
  | { kind: "closed-to-delivery" }
  | { kind: "wait-left-to-sweep" }
  | { kind: "replay-ended" }
  /** The row of the lane is gone. */
  | { kind: "removed" };

export type SelectedBatch = Omit<PendingBatch, "parent" | "isSkipRequested">;

/** What becomes of the pending batch `delivery`; it was logged before. Ignored if another batch is pending by now. */
export type SettlingEvent = { delivery: string } & (
  | { kind: "delivered"; last: LastDelivery; now: number }
  /** The receiver answered 413: the same events are sent again in two halves. */
  | { kind: "split"; last: LastDelivery }
  | ({ kind: "attempt-failed"; wait: Wait; notices?: FailingNotices | undefined } & Refusal)
  /** The receiver answered 410, or has refused for too long. */
  | ({ kind: "attempt-suspended"; reason: string } & Refusal)
  /** The number closed without a further answer, or the log says that it had been closed before. */
  | { kind: "closed"; outcome: ClosedOutcome }
);

export interface Refusal {
  last: LastDelivery;
  /** `immediateRetries` of the lane when the attempt started. */
  retriesBefore: number;
}

/** `recut`: filter or format changed, so the batch is superseded by one selected anew from the cursor. */
export type ClosedOutcome = Exclude<DeliveryOutcome, "retry" | "suspend">;

/** Whether a notice to the owner was sent. */
type NoticeEvent =
  | { kind: "suspension-notified" }
  | { kind: "suspension-notice-failed"; now: number }
  | { kind: "resumption-notified" };

/** What the owner does. A wake-up of the lane follows once the change is stored. */
export type OwnerEvent =
  /** Enabled where it stopped: a pending batch keeps its number and is attempted at once, by a retry schedule that starts again. */
  | { kind: "enabled" }
  /** Enabled from another place. The number of a pending batch closes: log it as `skipped` before the lane is stored. */
  | { kind: "moved"; to: Position }
  /** The cursor stands, and a pending batch keeps its number. */
  | { kind: "disabled" }
  /** A replay delivers nothing more, but one POST may be under way. Log a pending batch as `skipped` before the lane is stored. */
  | { kind: "cancelled" }
  /** The next attempt is due now, also when one that is under way fails; a suspended lane is enabled. */
  | { kind: "retry-requested" }
  /** What would be sent changed, or where to: as a requested retry, except that a suspended lane stays suspended. */
  | { kind: "destination-changed" }
  /** Deliver closes the number of the pending batch as `skipped` and passes its events. */
  | { kind: "skip-requested" };
