import type { FormatName } from "../formats/known-formats.ts";
import type { Position } from "../journal/page.ts";
import type { JournalRange } from "../journal/range.ts";
import type { Recorded } from "../journal/recorded-window.ts";

/**
 * A lane: a cursor over the journal for one destination. It changes by `transition` alone, and each stored change is one more `version`.
 *
 * `cursor` is the next event to look at; it may stand on a page that does not exist yet.
 * `number` is the number of the next delivery, or of the pending one; `previousId` is the id of the delivery closed last (`-` at first).
 */
export interface Lane {
  workspace: string;
  destination: string;
  /** `live`, or the id of a replay. */
  lane: string;
  version: number;
  createdAt: string;
  role: LaneRole;
  status: LaneStatus;
  cursor: Position;
  number: number;
  previousId: string;
  /** The delivery with the lane's number, until that number closes; without one the lane is idle. */
  pending?: PendingBatch | undefined;
  /** The retry schedule. It outlives a batch of which some events expired: the rest continues it under the next number. */
  schedule?: RetryProgress | undefined;
  /** After a 413, until the cursor has passed what was split. */
  halves?: SplitHalves | undefined;
  /**
   * The most events in a delivery: halved after a 413, growing after each success; absent for the format's own limit.
   */
  batchLimit?: number | undefined;
  /**
   * Number of immediate retries that the owner requested. An attempt that started before the latest one is logged, but
   * can neither schedule a wait nor suspend the lane.
   */
  immediateRetries: number;
  /** When a batch was last selected. That run looks at the journal again afterwards, so earlier wake-ups have nothing to add. */
  lastSelectedAt?: string | undefined;
  receiver: ReceiverHealth;
}

/** What only a live lane has, and what only a replay has. */
export type LaneRole = LiveRole | ReplayRole;

/** Follows the journal, which has no end. */
export interface LiveRole {
  kind: "live";
  /** Events that the lane passed because they had expired. The purge counts them in the receipt of their removal. */
  expiredRanges: readonly JournalRange[];
  notices: FailingNotices;
}

/** Delivers a fixed part of the journal again. */
export interface ReplayRole {
  kind: "replay";
  /** Exclusive; fixed when the replay is created. */
  until: Position;
  /** Events recorded at other times are passed. Absent when the replay repeats one delivery of the live lane. */
  recorded?: Recorded | undefined;
  eventsPerSecond?: number | undefined;
}

export type LaneStatus = LiveStatus | SuspendedStatus | DisabledStatus | EndedStatus;

export interface LiveStatus {
  kind: "live";
  wait?: Wait | undefined;
  /** Why the lane was suspended before, until its owner was notified that it continues. */
  resumedFrom?: string | undefined;
}

/** Nothing is sent until the owner enables the lane. */
export interface SuspendedStatus {
  kind: "suspended";
  reason: string;
  /** Present until the owner was notified of the suspension. */
  notice?: SuspensionNotice | undefined;
}

/** Disabled by its owner. A disabled lane waits for nothing. */
export interface DisabledStatus {
  kind: "disabled";
  /** Why the lane was suspended when it was disabled. */
  resumedFrom?: string | undefined;
}

/** A replay that is done or was cancelled, or a lane whose row was removed. */
export interface EndedStatus {
  kind: "ended";
  isCancelled: boolean;
}

/** A wait for the next attempt, or the pause of a replay that has a rate. */
export interface Wait {
  until: string;
  /** `sweep`: the lane is in the `due` index and the sweep wakes it. `wake-up`: a wake-up message comes back at that time. */
  carrier: "wake-up" | "sweep";
}

/** The key of a notice holds a version of the lane, so that repeating it is recognised and the next suspension is another notice. */
export interface SuspensionNotice {
  version: number;
  /** When the sweep wakes the lane to send it. */
  dueAt: string;
}

/** What the owner of a live lane was notified of while its receiver refused events. */
export interface FailingNotices {
  /** When the owner was last notified that the destination is failing; a success does not clear it. */
  notifiedAt?: string | undefined;
  /** The advice given during the present failing. Present, though perhaps empty, once the owner was notified of it: then its end is news. */
  advice?: readonly string[] | undefined;
  /** The lane's version in the key of a notice that could not be sent; it is repeated under the same key. */
  pendingVersion?: number | undefined;
}

/**
 * A selected batch: its number, positions and format are fixed, and with them its body, until the number closes.
 * It covers the wanted, unexpired events from the lane's cursor up to `end`; `check` is the SHA-256 prefix (16 hex) of their ids.
 */
export interface PendingBatch {
  id: string;
  selectedAt: string;
  format: FormatName;
  /** `contentVersion` of the destination when the batch was selected. If it has changed, the batch is superseded. */
  contentVersion: number;
  end: Position;
  count: number;
  check: string;
  /** The delivery that was split into this one. */
  parent?: string | undefined;
  /** True if the owner asked to pass its events: the number then closes as `skipped`. */
  isSkipRequested: boolean;
}

export interface RetryProgress {
  attempts: number;
  firstAttemptAt: string;
}

export interface SplitHalves {
  /** The end of the delivery that was split; neither half crosses it. */
  end: Position;
  /** The delivery that was split, until its first half is selected and names it. */
  parent?: string | undefined;
}

export interface ReceiverHealth {
  lastDelivery?: LastDelivery | undefined;
  failingSince?: string | undefined;
  consecutiveFailures: number;
  /** How many of the last answers in a row were slow, up to the number that makes a lane slow. */
  slowAnswers: number;
}

/** The result of the receiver's last answer. It is stored on the lane so that health needs no further read. */
export interface LastDelivery {
  id: string;
  at: string;
  outcome: string;
  statusCode: number | null;
  durationMs: number;
  error: string | null;
  /** On a `split`, which is neither a refusal nor a success: the outcome before it; absent if it was the first answer. */
  beforeSplit?: string | undefined;
}

export interface LaneStart {
  workspace: string;
  destination: string;
  lane: string;
  cursor: Position;
  createdAt: string;
}

/** A lane that has delivered nothing yet. */
export function newLane(start: LaneStart, role: LaneRole, status: "live" | "disabled" = "live"): Lane {
  const { workspace, destination, lane, cursor, createdAt } = start;
  return {
    workspace,
    destination,
    lane,
    version: 1,
    createdAt,
    role,
    status: { kind: status },
    cursor,
    number: 1,
    previousId: "-",
    immediateRetries: 0,
    receiver: { consecutiveFailures: 0, slowAnswers: 0 },
  };
}

export const NEW_LIVE_ROLE: LiveRole = { kind: "live", expiredRanges: [], notices: {} };

/** The result of the receiver's last answer other than a 413 of a batch; `undefined` before the first. */
export function outcomeOf({ lastDelivery }: ReceiverHealth): string | undefined {
  return lastDelivery?.outcome === "split" ? lastDelivery.beforeSplit : lastDelivery?.outcome;
}
