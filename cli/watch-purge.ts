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

/** A purge may have moved on between two reads, so what looks wrong is looked at again. */
const LOOKS = 3;
/** As many as the settings allow a workspace. */
const SHARDS_MAX = 64;

/** What a purge says that it has done and is doing, while it may be at work. */
export class PurgeWatch {
  /** As of the last look, by their first pages. */
  receipts: readonly Receipt[] = [];
  private state: PurgeState;
  private readonly announcements = new Map<string, Entry>();
  private ownKeys = new Set<string>();
  /** Closed receipts of which a page is there. */
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

  /** In this order a removal that the purge's row knows no more is a closed receipt. */
  async look(): Promise<void> {
    const { workspace } = this.row;
    this.state = await this.witnesses.readState(workspace);
    this.receipts = asEnded(await this.witnesses.listReceipts(workspace), this.state);
    this.ownKeys = new Set(this.receipts.map(({ receipt }) => ownEntryKeyOf(workspace, purgedKey(receipt))));
  }

  /** An entry that is what its page says: it may tell of a receipt. */
  hear(entry: Entry): void {
    if (this.ownKeys.has(entry.entry)) this.announcements.set(entry.entry, entry);
  }

  /** Whether entries of a page may be missing; `isMissing`: some are. Notes a page that is there though it was removed. */
  async explains(page: Page, isMissing: boolean): Promise<boolean> {
    if (isMissing) await this.look();
    if (page.page > removedThrough(this.receipts, this.state))
      return isMissing && isBeingEmptied(page, this.receipts, this.state);
    if ((await this.witnesses.journal.readPage(this.row.workspace, page.page)) === undefined) return true;
    for (const finding of stillThere(page.page, this.receipts)) this.broken.set(`${finding.page}`, finding);
    return false;
  }

  /** After all pages: what is wrong with the receipts. */
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
      if (found.some(({ kind }) => kind === "untold-receipt"))
        found = verifyReceipts(this.receipts, { ...evidence, unjournalled: await this.unjournalled(found) });
    }
    const more = found.filter(({ kind, page }) => kind !== "broken-receipt" || !this.broken.has(`${page}`));
    return [...this.broken.values(), ...more];
  }

  /** The events that tell of receipts and have not come to a page, wherever in the table they may be. */
  private async unjournalled(found: readonly Finding[]): Promise<ReadonlyMap<string, Entry>> {
    const { workspace } = this.row;
    const untold = this.receipts.filter(({ fromPage }) =>
      found.some(({ kind, page }) => kind === "untold-receipt" && page === fromPage),
    );
    const sought = untold.flatMap(({ receipt }) => {
      const entry = ownEntryKeyOf(workspace, purgedKey(receipt));
      return Array.from({ length: SHARDS_MAX }, (_, shards) => ({
        entry,
        shard: shardOf(entry, shards + 1),
      }));
    });
    return this.witnesses.entries.readEntries(workspace, sought);
  }
}
