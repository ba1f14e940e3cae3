import type { ReceiptStore } from "../lambdas/adapters/receipt-store.ts";
import type { Entry } from "../lambdas/core/entry/entry.ts";
import { shardOf } from "../lambdas/core/base/ids.ts";
import { ownEntryKeyOf } from "../lambdas/core/entry/record-entry.ts";
import { type Finding, stillThere } from "../lambdas/core/proof/verify-journal.ts";
import {
  asEnded,
  isBeingEmptied,
  removedThrough,
  verifyReceipts,
} from "../lambdas/core/proof/verify-receipts.ts";
import type { Page } from "../lambdas/core/journal/page.ts";
import type { Workspace } from "../lambdas/core/workspace/entitlement.ts";
import { newPurgeState, type PurgeState, type PurgeStore } from "../lambdas/core/retention/purge-state.ts";
import { purgedKey, type Receipt } from "../lambdas/core/retention/receipt.ts";
import type { JournalStore } from "../lambdas/core/journal/journal-store.ts";
import type { EntryStore } from "../lambdas/core/entry/entry-store.ts";

export interface PurgeWitnesses {
  listReceipts: ReceiptStore["listReceipts"];
  readState: PurgeStore["readState"];
  journal: Pick<JournalStore, "readPage">;
  entries: Pick<EntryStore, "readEntries">;
}

/** How often an apparent fault is checked again, because a purge may progress between two reads. */
const LOOKS = 3;
/** Largest number of shards that the settings allow for a workspace. */
const SHARDS_MAX = 64;

/** Follows the receipts and the state of a purge that may be running during the verification. */
export class PurgeWatch {
  /** Receipts at the last look, ordered by their first pages. */
  receipts: readonly Receipt[] = [];
  private state: PurgeState;
  private readonly announcements = new Map<string, Entry>();
  private ownKeys = new Set<string>();
  /** Findings for closed receipts of which a page still exists. */
  private readonly broken = new Map<string, Finding>();
  private readonly row: Workspace;
  private readonly witnesses: PurgeWitnesses;
  private readonly clock: () => number;

  constructor(row: Workspace, witnesses: PurgeWitnesses, clock: () => number) {
    this.row = row;
    this.witnesses = witnesses;
    this.clock = clock;
    this.state = newPurgeState(row.workspace);
  }

  /**
   * Reads the state before the receipts: a removal that the state no longer names then has its closed receipt in the
   * list.
   */
  async look(): Promise<void> {
    const { workspace } = this.row;
    this.state = await this.witnesses.readState(workspace);
    this.receipts = asEnded(await this.witnesses.listReceipts(workspace), this.state);
    this.ownKeys = new Set(this.receipts.map(({ receipt }) => ownEntryKeyOf(workspace, purgedKey(receipt))));
  }

  /** Notes an entry that matches its page, in case it is the event that records a receipt. */
  note(entry: Entry): void {
    if (this.ownKeys.has(entry.entry)) this.announcements.set(entry.entry, entry);
  }

  /**
   * Returns true if entries of a page may be missing because of a purge. `isMissing` says that some are. Also notes a
   * page that still exists although its receipt is closed.
   */
  async explains(page: Page, isMissing: boolean): Promise<boolean> {
    if (isMissing) await this.look();
    if (page.page > removedThrough(this.receipts, this.state))
      return isMissing && isBeingEmptied(page, this.receipts, this.state);
    if ((await this.witnesses.journal.readPage(this.row.workspace, page.page)) === undefined) return true;
    for (const finding of stillThere(page.page, this.receipts)) this.broken.set(`${finding.page}`, finding);
    return false;
  }

  /** Returns what is wrong with the receipts. Call it after all pages. */
  async findings(): Promise<Finding[]> {
    let found: Finding[] = [];
    for (let looks = 0; looks < LOOKS && (looks === 0 || found.length > 0); looks++) {
      await this.look();
      const evidence = {
        workspace: this.row,
        state: this.state,
        announcements: this.announcements,
        now: this.clock(),
      };
      found = verifyReceipts(this.receipts, evidence);
      if (found.some(({ kind }) => kind === "unrecorded-receipt"))
        found = verifyReceipts(this.receipts, { ...evidence, unjournalled: await this.unjournalled(found) });
    }
    const more = found.filter(({ kind, page }) => kind !== "broken-receipt" || !this.broken.has(`${page}`));
    return [...this.broken.values(), ...more];
  }

  /**
   * Reads the events that record receipts and are on no page yet. Tries every shard, because the workspace's number of
   * shards may have changed.
   */
  private async unjournalled(found: readonly Finding[]): Promise<ReadonlyMap<string, Entry>> {
    const { workspace } = this.row;
    const unrecorded = this.receipts.filter(({ fromPage }) =>
      found.some(({ kind, page }) => kind === "unrecorded-receipt" && page === fromPage),
    );
    const sought = unrecorded.flatMap(({ receipt }) => {
      const entry = ownEntryKeyOf(workspace, purgedKey(receipt));
      return Array.from({ length: SHARDS_MAX }, (_, shards) => ({
        entry,
        shard: shardOf(entry, shards + 1),
      }));
    });
    return this.witnesses.entries.readEntries(workspace, sought);
  }
}
