import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";
import { linesOf } from "../entry/entry-body.ts";
import type { Entry } from "../entry/entry.ts";
import { ownEntryKeyOf } from "../entry/record-entry.ts";
import type { Workspace } from "../workspace/entitlement.ts";
import type { PurgeState } from "../retention/purge-state.ts";
import { purgedFacts, purgedKey, type Receipt } from "../retention/receipt.ts";
import { DAY_MS, EXTENSION_MS } from "../workspace/retention.ts";
import type { Page } from "../journal/page.ts";
import type { Finding } from "./verify-journal.ts";

/** What receipts are compared with. */
export interface ReceiptEvidence {
  workspace: Workspace;
  state: PurgeState;
  /** References, by entry key, to the events that record receipts, as far as existing pages have them. */
  announcements: ReadonlyMap<string, Entry>;
  /** Such events that are stored but on no page. */
  unjournalled?: ReadonlyMap<string, Entry> | undefined;
  /** Milliseconds. */
  now: number;
}

/** Ingest and fan-out together take at most this long, or an alarm is raised. */
const JOURNALLED_MS = 3_600_000;

/** The receipts that explain missing pages, in their order. */
export function removalsOf(receipts: readonly Receipt[]): Receipt[] {
  return receipts.filter(({ keepsPage }) => keepsPage !== true).toSorted((a, b) => a.fromPage - b.fromPage);
}

/**
 * A removal that ends early is closed on the purge's row first, while the receipt's own row still covers more pages. It
 * is returned as the purge's row has it, still open.
 */
export function asEnded(receipts: readonly Receipt[], { receipt: ended }: PurgeState): readonly Receipt[] {
  if (ended?.state !== "closed") return receipts;
  return receipts.map((receipt) =>
    receipt.state === "open" &&
    receipt.toPage >= ended.toPage &&
    isDeepStrictEqual(startFacts(receipt), startFacts(ended))
      ? { ...openFacts(ended), state: "open" }
      : receipt,
  );
}

/** A purge removes the oldest pages first, so that no page up to here exists. */
export function removedThrough(receipts: readonly Receipt[], { receipt, claimed }: PurgeState): number {
  const closed = removalsOf(receipts).filter(({ state }) => state === "closed");
  const underWay = receipt === undefined || receipt.keepsPage === true ? 0 : (claimed?.page ?? 0) - 1;
  return Math.max(0, underWay, ...closed.map(({ toPage }) => toPage));
}

/**
 * Whether entries of an existing page may be gone: the page is being removed, or is the emptied last page of an ended
 * workspace.
 */
export function isBeingEmptied(
  { page, hash, at }: Pick<Page, "page" | "hash" | "at">,
  receipts: readonly Receipt[],
  { receipt, claimed }: PurgeState,
): boolean {
  if (receipt !== undefined && claimed?.page === page) return claimed.hash === hash;
  return receipts.some(
    ({ keepsPage, state, toPage, hashAfter, removedBefore }) =>
      keepsPage === true && state === "closed" && toPage === page && hashAfter === hash && at < removedBefore,
  );
}

/**
 * Finds receipts that claim what a purge cannot have done, or that differ from the event in the workspace's own log.
 */
export function verifyReceipts(receipts: readonly Receipt[], evidence: ReceiptEvidence): Finding[] {
  return receipts.flatMap((receipt): Finding[] => {
    const { fromPage: page, toPage } = receipt;
    const place = { page, toPage };
    if (!isPossible(receipt, evidence) || !isInTurn(receipt, receipts))
      return [{ kind: "broken-receipt", ...place }];
    return isAnnounced(receipt, evidence) ? [] : [{ kind: "unrecorded-receipt", ...place }];
  });
}

function isPossible(receipt: Receipt, evidence: ReceiptEvidence): boolean {
  const { state, openedAt, removedBefore, fromPage, toPage, events } = receipt;
  // The clocks of the verifier and of the purge may differ by this much.
  const latest = toTimestamp(evidence.now + EXTENSION_MS);
  const closedAt = receipt.closedAt ?? latest;
  return (
    (state === "closed") === (receipt.closedAt !== undefined) &&
    fromPage <= toPage &&
    events > toPage - fromPage &&
    evidence.workspace.createdAt <= openedAt &&
    openedAt <= closedAt &&
    closedAt <= latest &&
    receipt.firstRecordedAt < removedBefore &&
    receipt.lastRecordedAt < removedBefore &&
    removedBefore <= closedAt &&
    (receipt.keepsPage !== true || isOfAnEnd(receipt)) &&
    fitsRetention({ ...receipt, closedAt }, evidence.workspace) &&
    (state === "closed" || isUnderWay(receipt, evidence.state))
  );
}

/** Only the newest page of an ended workspace may stay without its entries. */
function isOfAnEnd({ reason, fromPage, toPage, removedBefore, openedAt }: Receipt): boolean {
  return reason === "ended" && fromPage === toPage && removedBefore <= openedAt;
}

/**
 * Checked with what the workspace's row still knows: its shortest retention, what had expired before it grew, its end,
 * and its legal hold.
 */
function fitsRetention(
  { reason, openedAt, closedAt, removedBefore }: Receipt & { closedAt: string },
  workspace: Workspace,
): boolean {
  const { hold, heldSince, endedAt, history } = workspace;
  if (hold !== undefined && heldSince !== undefined && openedAt > after(heldSince)) return false;
  const floor = history?.floor ?? "";
  if (reason === "ended") return (endedAt !== undefined && endedAt <= openedAt) || openedAt <= floor;
  const days = shortestDaysOf(workspace);
  if (days === undefined || removedBefore <= floor) return true;
  return removedBefore <= toTimestamp(Date.parse(closedAt) - days * DAY_MS + EXTENSION_MS);
}

function after(time: string): string {
  return toTimestamp(Date.parse(time) + EXTENSION_MS);
}

function shortestDaysOf({ appliedDays, history }: Workspace): number | undefined {
  if (appliedDays === undefined) return undefined;
  return Math.min(appliedDays, history?.shortestDays ?? appliedDays);
}

/** An open receipt must be that of the purge's row, which is extended first and closed first. */
function isUnderWay(receipt: Receipt, { receipt: current, claimed }: PurgeState): boolean {
  if (current === undefined) return false;
  if (!isDeepStrictEqual(startFacts(receipt), startFacts(current))) return false;
  if (receipt.toPage < current.toPage) return (claimed?.page ?? 0) <= receipt.toPage;
  return isDeepStrictEqual(openFacts(receipt), openFacts(current));
}

function startFacts({
  receipt,
  reason,
  openedAt,
  fromPage,
  hashBefore,
  firstEntry,
}: Receipt): Partial<Receipt> {
  return { receipt, reason, openedAt, fromPage, hashBefore, firstEntry };
}

function openFacts({
  state: _state,
  closedAt: _closedAt,
  ...facts
}: Receipt): Omit<Receipt, "state" | "closedAt"> {
  return facts;
}

/** A purge removes the oldest pages first and works on one receipt at a time. */
function isInTurn(receipt: Receipt, receipts: readonly Receipt[]): boolean {
  if (receipt.keepsPage === true) return true;
  const removals = removalsOf(receipts);
  const before = removals[removals.indexOf(receipt) - 1];
  if (before === undefined) return true;
  return before.toPage < receipt.fromPage && before.state === "closed" && before.openedAt <= receipt.openedAt;
}

const announcementSchema = z.object({ data: z.object({ metadata: z.record(z.string(), z.unknown()) }) });

/**
 * Whether the event that records a receipt says the same, as long as retention keeps that event. It may be recorded
 * long after the receipt was closed.
 */
function isAnnounced(
  receipt: Receipt,
  { workspace, state, announcements, unjournalled, now }: ReceiptEvidence,
): boolean {
  if (receipt.state === "open") return true;
  const key = ownEntryKeyOf(receipt.workspace, purgedKey(receipt.receipt));
  const entry = announcements.get(key);
  if (entry !== undefined) return hasSameFacts(receipt, entry);
  const justRecorded = toTimestamp(now - JOURNALLED_MS);
  const stored = unjournalled?.get(key);
  if (stored !== undefined && stored.recordedAt > justRecorded && hasSameFacts(receipt, stored)) return true;
  const closedAt = receipt.closedAt ?? "";
  const days = shortestDaysOf(workspace) ?? 0;
  const isKept =
    closedAt > toTimestamp(now - days * DAY_MS + EXTENSION_MS) && closedAt > (workspace.history?.floor ?? "");
  const isRecent = closedAt > justRecorded;
  const isSilent = state.silent?.includes(receipt.receipt) === true || workspace.endedAt !== undefined;
  return !isKept || isRecent || isSilent;
}

function hasSameFacts(receipt: Receipt, entry: Entry): boolean {
  try {
    const [line = ""] = linesOf(entry);
    const { metadata } = announcementSchema.parse(JSON.parse(line)).data;
    return isDeepStrictEqual(metadata, { ...purgedFacts(receipt) });
  } catch {
    return false;
  }
}
