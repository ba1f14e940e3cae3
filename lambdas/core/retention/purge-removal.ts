import { toTimestamp } from "../base/clock.ts";
import { contiguousPrefix, duePages } from "./due-pages.ts";
import type { Page } from "../journal/page.ts";
import { undeliveredOn } from "./undelivered-events.ts";
import { type Pace, paceAfter } from "./purge-pace.ts";
import { type PurgeState, type PurgeStore, SILENT_MAX } from "./purge-state.ts";
import {
  endOf,
  endOfReceipt,
  endReceiptAt,
  growReceipt,
  openReceipt,
  type Receipt,
  type ReceiptEnd,
} from "./receipt.ts";
import type { JournalStore } from "../journal/journal-store.ts";

/** Write units of the purge's row, which holds the receipt of the current removal. */
const CLAIM_UNITS = 2;

export interface RemovalDependencies extends Pace {
  journal: Pick<JournalStore, "newestPage" | "readPage" | "readPagesFrom">;
  store: PurgeStore;
  /**
   * Records an audit event for a closed receipt, once however often it is called. Returns `silent` if the workspace has
   * ended and records nothing.
   */
  receiptClosed(receipt: Receipt): Promise<"recorded" | "silent">;
  clock: () => number;
}

/** A receipt that was just opened or extended, with the pages that were read for it. */
export interface PlannedRemoval {
  state: PurgeState | "stale";
  receipt: Receipt;
  pages: readonly Page[];
}

/** Opens a receipt over the oldest of the `due` pages, up to the first missing number. */
export async function planReceipt(
  state: PurgeState,
  due: readonly [Page, ...Page[]],
  { reason, removedBefore }: Pick<Receipt, "reason" | "removedBefore">,
  { store, clock }: RemovalDependencies,
): Promise<PlannedRemoval> {
  const pages = contiguousPrefix(due);
  const owed = undeliveredOn(pages, await store.lanePositions(state.workspace));
  const openedAt = toTimestamp(clock());
  const receipt = openReceipt(pages, { reason, removedBefore, openedAt, owed });
  const receiptTotal = (pages.at(-1) ?? pages[0]).total;
  const opened = await store.replaceState({ ...state, receipt, receiptTotal });
  return { state: opened, receipt, pages };
}

/**
 * Extends an open receipt whose pages have all been removed by the due pages behind it, since a day's removal is one
 * receipt. Returns `null` if no due page follows directly.
 */
export async function extendRemoval(
  state: PurgeState,
  receipt: Receipt,
  removedBefore: string,
  dependencies: RemovalDependencies,
): Promise<PlannedRemoval | null> {
  const { workspace } = state;
  const next = receipt.toPage + 1;
  const [first, ...rest] = await duePages(workspace, next, removedBefore, dependencies);
  if (first?.page !== next) return null;
  const pages = contiguousPrefix([first, ...rest]);
  const owed = undeliveredOn(pages, await dependencies.store.lanePositions(workspace));
  const grown = growReceipt(receipt, pages, { removedBefore, owed });
  const receiptTotal = (pages.at(-1) ?? first).total;
  const extended = await dependencies.store.replaceState({ ...state, receipt: grown, receiptTotal });
  return { state: extended, receipt: grown, pages };
}

/**
 * Opens a receipt over the entries of the newest page of an ended workspace. The page itself stays as the end of the
 * chain. Returns `null` if there is no page or it is empty already.
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

/** Whether the purge has claimed every page of the receipt. The last page may still exist. */
export function isSwept({ claimed }: PurgeState, { toPage }: Receipt): boolean {
  return claimed?.page === toPage;
}

/**
 * Continues removing the pages of the open receipt while there is time. Pages never change, so the `known` ones are not
 * read again.
 */
export async function removePages(
  state: PurgeState,
  receipt: Receipt,
  dependencies: RemovalDependencies,
  known: readonly Page[] = [],
): Promise<void> {
  const { journal, store, hasTime } = dependencies;
  await store.putReceipt(receipt);
  await removeClaimed(state, receipt, dependencies);
  let current = state;
  const claim = async (claimed: ReceiptEnd): Promise<boolean> => {
    const replaced = await store.replaceState({ ...current, claimed });
    if (replaced !== "stale") current = replaced;
    return replaced !== "stale";
  };
  for (let next = (state.claimed?.page ?? receipt.fromPage - 1) + 1; next <= receipt.toPage; next++) {
    if (!hasTime()) return;
    const page =
      known.find(({ page: number }) => number === next) ?? (await journal.readPage(state.workspace, next));
    if (page === undefined) continue;
    if (!(await claim(endOf(page)))) return;
    await paceAfter(CLAIM_UNITS + (await remove(page, receipt, store)), dependencies);
  }
  // The last page of the receipt had been removed before.
  if (!isSwept(current, receipt)) await claim(endOfReceipt(receipt, state.receiptTotal ?? 0));
}

/**
 * Called when the pages of an open receipt may no longer be removed, because of a legal hold or because an ended
 * workspace was revived. Finishes the one page that was claimed before and ends the receipt there. A receipt without a
 * claimed page is deleted.
 */
export async function endReceiptEarly(
  state: PurgeState,
  receipt: Receipt,
  dependencies: RemovalDependencies,
): Promise<void> {
  const { claimed, receiptTotal } = state;
  if (receipt.state === "closed") return recordClosed(state, receipt, dependencies);
  if (claimed !== undefined)
    return closeReceipt(state, endReceiptAt(receipt, claimed, receiptTotal ?? claimed.total), dependencies);
  await dependencies.store.dropReceipt(receipt);
  await dependencies.store.replaceState(withoutReceipt(state));
}

/** Stores the final receipt before anyone is notified of it, so that a crash afterwards leaves nothing undecided. */
export async function closeReceipt(
  state: PurgeState,
  receipt: Receipt,
  dependencies: RemovalDependencies,
): Promise<void> {
  await removeClaimed(state, receipt, dependencies);
  const closed: Receipt = { ...receipt, state: "closed", closedAt: toTimestamp(dependencies.clock()) };
  const closing = await dependencies.store.replaceState({ ...state, receipt: closed });
  if (closing !== "stale") await recordClosed(closing, closed, dependencies);
}

/** Records the closed receipt in the workspace's log and clears it from the purge's row. */
export async function recordClosed(
  state: PurgeState,
  closed: Receipt,
  { store, receiptClosed }: RemovalDependencies,
): Promise<void> {
  const outcome = await receiptClosed(closed);
  await store.putReceipt(closed);
  const silent = [...(state.silent ?? []), closed.receipt].slice(-SILENT_MAX);
  await store.replaceState({
    ...withoutReceipt(state),
    lastReceiptAt: closed.closedAt,
    ...(outcome === "silent" && { silent }),
    ...(closed.keepsPage === true && { emptied: closed.toPage }),
  });
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

/** Removes the entries before their page, because only the page knows which entries it has. */
async function remove(page: Page, { keepsPage }: Receipt, store: PurgeStore): Promise<number> {
  const units = await store.removeEntries(page.workspace, page.entries);
  if (keepsPage === true) return units;
  return units + (await store.removePage(page.workspace, page.page));
}
