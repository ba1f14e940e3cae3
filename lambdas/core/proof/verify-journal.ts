import { unpackBody } from "../entry/entry-body.ts";
import { sha256 } from "../entry/build-entry.ts";
import type { Workspace } from "../workspace/entitlement.ts";
import type { Entry, EntryReference } from "../entry/entry.ts";
import type { Page } from "../journal/page.ts";
import { pageHash } from "../journal/page-hash.ts";
import type { LanePosition } from "../lane/row-schema.ts";
import type { PurgeState } from "../retention/purge-state.ts";
import type { Receipt } from "../retention/receipt.ts";
import { DEFAULT_RETENTION, EXTENSION_MS, removableBefore } from "../workspace/retention.ts";
import { removalsOf } from "./verify-receipts.ts";

/**
 * A finding in a journal.
 *
 * - `hole`: pages `page` to `toPage` are missing and no receipt says that a purge removed them.
 * - `broken-hash`: the page's content does not match its hash. `broken-link`: it does not name the hash of the page
 *   before.
 * - `broken-count`: its running total does not follow from the page before. `out-of-order`: time or stream position
 *   goes back.
 * - `double-entry`: the entry is on an earlier page too. A key that was used again after its entry expired names
 *   another entry.
 * - `altered-entry`: the stored bytes are not those that the page names. `missing-entry`: gone, although retention has
 *   not removed it.
 * - `broken-receipt`: a receipt does not connect to what is before it, claims what no purge can have done, or a page
 *   that it removed exists.
 * - `unrecorded-receipt`: the event that records it is missing, though retention keeps it, or says otherwise.
 * - `lost-end`: pages `page` to `toPage` are missing at the end, though a receipt, the purge or a destination's lane
 *   refers to them, or entries are stored and no page is left.
 */
export interface Finding {
  kind:
    | "hole"
    | "broken-hash"
    | "broken-link"
    | "broken-count"
    | "out-of-order"
    | "double-entry"
    | "altered-entry"
    | "missing-entry"
    | "broken-receipt"
    | "unrecorded-receipt"
    | "lost-end";
  page: number;
  toPage?: number;
  entry?: string;
}

/** What is known about the end of the page before; `undefined` if a finding has already broken the chain there. */
interface Thread {
  next: number;
  hash: string | undefined;
  total: number | undefined;
  at: string;
  seq: string;
}

export interface JournalVerifier {
  /**
   * The receipts as they are now: a purge may run during the verification and remove pages with a receipt that did not
   * exist at its start.
   */
  learn(receipts: readonly Receipt[]): void;
  /** Verifies the next page; pages must be passed in the order of their numbers. */
  add(page: Page): Finding[];
  /** Called after the last page, with the lanes and the purge's row as they were before the first page was read. */
  end(before: JournalWitnesses): Finding[];
}

/** Rows that refer to pages, besides receipts. */
export interface JournalWitnesses {
  lanes: readonly Pick<LanePosition, "cursor">[];
  state: PurgeState;
}

/** Verifies page by page, so that memory holds no more than the entry keys of a journal of any length. */
export function createJournalVerifier(receipts: readonly Receipt[] = []): JournalVerifier {
  let known = receipts;
  const seen = new Set<string>();
  let thread: Thread = { next: 1, hash: "", total: 0, at: "", seq: "" };
  return {
    learn: (now) => void (known = now),
    end: (before) => lostEnd(thread.next - 1, known, before),
    add(page) {
      const findings: Finding[] = [];
      thread = crossGap(page.page, thread, removalsOf(known), findings);
      checkPage(page, thread, findings);
      for (const { entry, recordedAt } of page.entries) {
        const one = `${entry} ${recordedAt}`;
        if (seen.has(one)) findings.push({ kind: "double-entry", page: page.page, entry });
        seen.add(one);
      }
      thread = { next: page.page + 1, hash: page.hash, total: page.total, at: page.at, seq: page.seq };
      return findings;
    },
  };
}

/** All findings in a journal that fits into memory, read at one moment. */
export function verifyJournal(pages: readonly Page[], receipts: readonly Receipt[] = []): Finding[] {
  const verifier = createJournalVerifier(receipts);
  return pages.flatMap((page) => [...stillThere(page.page, receipts), ...verifier.add(page)]);
}

/** A page exists although a closed receipt says that it, or a later one, was removed. */
export function stillThere(page: number, receipts: readonly Receipt[]): Finding[] {
  const receipt = removalsOf(receipts).find(({ state, toPage }) => state === "closed" && page <= toPage);
  return receipt === undefined
    ? []
    : [{ kind: "broken-receipt", page: receipt.fromPage, toPage: receipt.toPage }];
}

/** The newest page is never removed, and a lane's cursor lies at most one page behind it. */
function lostEnd(
  newest: number,
  receipts: readonly Receipt[],
  { lanes, state }: JournalWitnesses,
): Finding[] {
  const known = Math.max(
    0,
    ...receipts.map(({ toPage, keepsPage }) => (keepsPage === true ? toPage : toPage + 1)),
    ...lanes.map(({ cursor }) => cursor.page - 1),
    state.claimed?.page ?? 0,
    state.emptied ?? 0,
    state.extended?.throughPage ?? 0,
    state.heldThrough ?? 0,
    state.ended?.throughPage ?? 0,
  );
  return known > newest ? [{ kind: "lost-end", page: newest + 1, toPage: known }] : [];
}

/** Follows receipts from the current position to page `to`. What no receipt covers is a hole. */
function crossGap(to: number, from: Thread, receipts: readonly Receipt[], findings: Finding[]): Thread {
  let thread = from;
  while (thread.next < to) {
    const { next } = thread;
    const receipt = receipts.find(({ fromPage, toPage }) => fromPage <= next && next <= toPage);
    if (receipt === undefined) {
      const after = receipts.find(({ fromPage }) => fromPage > next)?.fromPage ?? to;
      const end = Math.min(after, to);
      findings.push({ kind: "hole", page: next, toPage: end - 1 });
      thread = { ...thread, next: end, hash: undefined, total: undefined };
    } else {
      thread = crossReceipt(receipt, thread, to, findings);
    }
  }
  return thread;
}

function crossReceipt(receipt: Receipt, thread: Thread, to: number, findings: Finding[]): Thread {
  const atStart = receipt.fromPage === thread.next;
  if (atStart && thread.hash !== undefined && thread.hash !== receipt.hashBefore) {
    findings.push({ kind: "broken-receipt", page: receipt.fromPage, toPage: receipt.toPage });
  }
  // A removal in progress has left the last pages that its receipt covers.
  if (receipt.toPage >= to) return { ...thread, next: to, hash: undefined, total: undefined };
  const total = atStart && thread.total !== undefined ? thread.total + receipt.events : undefined;
  return { ...thread, next: receipt.toPage + 1, hash: receipt.hashAfter, total };
}

function checkPage(page: Page, thread: Thread, findings: Finding[]): void {
  const report = (kind: Finding["kind"]): void => void findings.push({ kind, page: page.page });
  const { hash, ...content } = page;
  if (pageHash(content) !== hash) report("broken-hash");
  if (thread.hash !== undefined && page.previousHash !== thread.hash) report("broken-link");
  const count = page.entries.reduce((sum, reference) => sum + reference.count, 0);
  if (thread.total !== undefined && page.total !== thread.total + count) report("broken-count");
  if (page.at < thread.at || page.seq < thread.seq) report("out-of-order");
}

/**
 * Whether TTL may have removed an entry of `workspace` by `now` (milliseconds). Both its page and the retention in
 * force must say that it has expired, because a larger plan or a legal hold extends expiries.
 */
export function mayHaveExpired(
  reference: Pick<EntryReference, "recordedAt" | "expiresAt">,
  workspace: Workspace,
  now: number,
): boolean {
  const { hold, heldSince = workspace.updatedAt, endedAt: _endedAt, appliedDays, ...row } = workspace;
  const at = hold === undefined ? now : Math.min(now, Date.parse(heldSince) + EXTENSION_MS);
  if (reference.expiresAt * 1000 > at) return false;
  if (appliedDays === undefined) return true;
  const before = removableBefore({ ...row, retentionDays: appliedDays }, {}, at, DEFAULT_RETENTION);
  return before === null || reference.recordedAt <= before;
}

/**
 * Compares a stored entry (`undefined`: absent) with its page's reference. `mayBeGone`: retention explains its absence.
 */
export function verifyEntry(
  page: number,
  reference: EntryReference,
  entry: Entry | undefined,
  mayBeGone: boolean,
): Finding | undefined {
  const { entry: key } = reference;
  if (entry === undefined) {
    return mayBeGone ? undefined : { kind: "missing-entry", page, entry: key };
  }
  return bytesAreIntact(reference, entry) ? undefined : { kind: "altered-entry", page, entry: key };
}

function bytesAreIntact(reference: EntryReference, entry: Entry): boolean {
  try {
    const plain = unpackBody(entry);
    return plain.byteLength === reference.bytes && sha256(plain) === reference.hash;
  } catch {
    return false;
  }
}
