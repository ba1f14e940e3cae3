import { toTimestamp } from "../clock.ts";
import type { Page } from "../journal/page.ts";
import type { LanePosition, PurgeState, PurgeStore } from "./purge-state.ts";
import { endOf, endReceiptAt, eventsOn, openReceipt, type Owed, type Receipt } from "./receipt.ts";
import { pauseAfter } from "./purge-pace.ts";
import { DAY_MS } from "./retention.ts";
import { eventsWithin, type Stretch, stretchesBefore } from "../lane/stretch.ts";
import type { JournalStore } from "../stores.ts";

/** Receipts stay small, so that a hold or a crash leaves little half-done: 50 pages are at most 5,000 events. */
const PAGES_A_RECEIPT = 50;
/** No page younger than this is removed: the stream re-delivers for 24 h and fan-out looks for doubles in the pages. */
const YOUNGEST_REMOVABLE_DAYS = 2;
/** The row of a purge under way, with its receipt. */
const CLAIM_UNITS = 2;

export interface RemovalDependencies {
  journal: Pick<JournalStore, "newestPage" | "readPage" | "readPagesFrom">;
  store: PurgeStore;
  /** A receipt was closed: an audit event of the workspace, recorded once however often this is called. */
  receiptClosed(receipt: Receipt): Promise<void>;
  clock: () => number;
  hasTime(): boolean;
  /** Resolves after so many milliseconds. */
  pause(milliseconds: number): Promise<void>;
}

/** A receipt that has just been opened, with the pages that were read for it. */
export interface PlannedRemoval {
  state: PurgeState | "stale";
  receipt: Receipt;
  pages: readonly Page[];
}

/** Opens the next receipt over pages that lie wholly before `removedBefore`; `null` when there are none. */
export async function planReceipt(
  state: PurgeState,
  reason: Receipt["reason"],
  removedBefore: string,
  dependencies: RemovalDependencies,
): Promise<PlannedRemoval | null> {
  const pages = await removablePages(state.workspace, removedBefore, dependencies);
  const [first, ...rest] = pages;
  if (first === undefined) return null;
  const last = pages.at(-1) ?? first;
  const owed = owedBy(await dependencies.store.lanePositions(state.workspace), pages);
  const openedAt = toTimestamp(dependencies.clock());
  const receipt = openReceipt([first, ...rest], { reason, removedBefore, openedAt, owed });
  const opened = await dependencies.store.replaceState({ ...state, receipt, receiptTotal: last.total });
  return { state: opened, receipt, pages };
}

/**
 * Opens a receipt over what is on the newest page of an ended workspace: the page is the end of the chain and stays. `null` when it
 * has none or is empty already.
 */
export async function planEmptying(
  state: PurgeState,
  removedBefore: string,
  { journal, store, clock }: RemovalDependencies,
): Promise<PlannedRemoval | null> {
  const newest = await journal.newestPage(state.workspace);
  if (newest === undefined || newest.at >= removedBefore || state.emptied === newest.page) return null;
  const openedAt = toTimestamp(clock());
  const facts = { reason: "ended", removedBefore, openedAt, owed: [], keepsPage: true } as const;
  const receipt = openReceipt([newest], { ...facts, owed: [] });
  const opened = await store.replaceState({ ...state, receipt, receiptTotal: newest.total });
  return { state: opened, receipt, pages: [newest] };
}

/** Removes the pages of the open receipt from where it stands, and closes it. Pages never change, so `known` ones are not read again. */
export async function runReceipt(
  state: PurgeState,
  receipt: Receipt,
  dependencies: RemovalDependencies,
  known: readonly Page[] = [],
): Promise<PurgeState | "stale" | "out-of-time"> {
  const { journal, store } = dependencies;
  await store.putReceipt(receipt);
  await removeClaimed(state, receipt, dependencies);
  let current = state;
  for (let next = (state.claimed?.page ?? receipt.fromPage - 1) + 1; next <= receipt.toPage; next++) {
    if (!dependencies.hasTime()) return "out-of-time";
    const page =
      known.find(({ page: number }) => number === next) ?? (await journal.readPage(state.workspace, next));
    if (page === undefined) continue;
    const claimed = await store.replaceState({ ...current, claimed: endOf(page) });
    if (claimed === "stale") return "stale";
    current = claimed;
    await dependencies.pause(pauseAfter(CLAIM_UNITS + (await remove(page, receipt, store))));
  }
  return closeReceipt(current, receipt, dependencies);
}

/**
 * What an open receipt covers may go no longer, for a hold or since an ended workspace goes on: finishes the one page that was
 * claimed before that, and ends the receipt there. A receipt that had claimed nothing is dropped.
 */
export async function endReceiptEarly(
  state: PurgeState,
  receipt: Receipt,
  dependencies: RemovalDependencies,
): Promise<PurgeState | "stale"> {
  const { claimed, receiptTotal } = state;
  if (claimed !== undefined) {
    await removeClaimed(state, receipt, dependencies);
    return closeReceipt(state, endReceiptAt(receipt, claimed, receiptTotal ?? claimed.total), dependencies);
  }
  await dependencies.store.dropReceipt(receipt);
  return dependencies.store.replaceState(withoutReceipt(state));
}

async function closeReceipt(
  state: PurgeState,
  receipt: Receipt,
  { store, receiptClosed, clock }: RemovalDependencies,
): Promise<PurgeState | "stale"> {
  const closed: Receipt = { ...receipt, state: "closed", closedAt: toTimestamp(clock()) };
  await receiptClosed(closed);
  await store.putReceipt(closed);
  const rest = withoutReceipt(state);
  return store.replaceState(receipt.keepsPage === true ? { ...rest, emptied: receipt.toPage } : rest);
}

function withoutReceipt(state: PurgeState): PurgeState {
  const { receipt: _receipt, receiptTotal: _total, claimed: _claimed, ...rest } = state;
  return rest;
}

async function removeClaimed(
  state: PurgeState,
  receipt: Receipt,
  { journal, store }: Pick<RemovalDependencies, "journal" | "store">,
): Promise<void> {
  if (state.claimed === undefined) return;
  const page = await journal.readPage(state.workspace, state.claimed.page);
  if (page !== undefined) await remove(page, receipt, store);
}

/** Entries first: a page that is gone would leave nobody who knows its entries. */
async function remove(page: Page, { keepsPage }: Receipt, store: PurgeStore): Promise<number> {
  const units = await store.removeEntries(page.workspace, page.entries);
  if (keepsPage === true) return units;
  return units + (await store.removePage(page.workspace, page.page));
}

/**
 * The oldest pages before the limit, never the newest page of the journal. One small read when there is nothing to do; otherwise
 * reads that double, so that no more pages are read in vain than are removed.
 */
async function removablePages(
  workspace: string,
  removedBefore: string,
  { journal, clock }: RemovalDependencies,
): Promise<Page[]> {
  const youngest = toTimestamp(clock() - YOUNGEST_REMOVABLE_DAYS * DAY_MS);
  const limit = removedBefore < youngest ? removedBefore : youngest;
  const pages: Page[] = [];
  for (let step = 1; pages.length < PAGES_A_RECEIPT; step *= 2) {
    const from = (pages.at(-1)?.page ?? -1) + 1;
    const some = await journal.readPagesFrom(workspace, from, Math.min(step, PAGES_A_RECEIPT - pages.length));
    const removable = some.filter(({ at }) => at < limit);
    pages.push(...removable);
    if (some.length === 0 || removable.length < some.length) break;
  }
  if (pages.length === 0) return pages;
  const newest = await journal.newestPage(workspace);
  return pages.filter(({ page }) => page !== newest?.page);
}

/** What a lane has passed because it had expired, and what it has not come to. */
function owedBy(lanes: readonly LanePosition[], pages: readonly Page[]): Owed[] {
  const owed = lanes
    .filter(({ status, lane }) => lane === "live" && status !== "ended")
    .map(({ destination, cursor, lapsed = [] }) => {
      const unseen = { from: cursor, to: { page: Number.POSITIVE_INFINITY, index: 0 } };
      return { destination, events: eventsOwed([...stretchesBefore(lapsed, cursor), unseen], pages) };
    });
  return owed.filter(({ events }) => events > 0);
}

function eventsOwed(stretches: readonly Stretch[], pages: readonly Page[]): number {
  const perPage = pages.flatMap((page) => {
    const count = eventsOn(page);
    return stretches.map((stretch) => eventsWithin(stretch, page, count));
  });
  return perPage.reduce((sum, events) => sum + events, 0);
}
