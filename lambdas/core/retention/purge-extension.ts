import type { Plans, Workspace } from "../workspace/entitlement.ts";
import type { EntryReference } from "../entry/entry.ts";
import type { Page } from "../journal/page.ts";
import { type Pace, paceAfter, WRITES_AT_ONCE } from "./purge-pace.ts";
import type { PurgeState, PurgeStore } from "./purge-state.ts";
import type { JournalStore } from "../journal/journal-store.ts";
import {
  DAY_MS,
  endOfGrace,
  expiryOf,
  keptDays,
  NEVER_EXPIRES,
  removableBefore,
  type RetentionSettings,
} from "../workspace/retention.ts";

const PAGES_A_STEP = 25;

export interface ExtensionDependencies extends Pace {
  journal: Pick<JournalStore, "readPagesFrom">;
  store: PurgeStore;
  plans: Plans;
  settings: RetentionSettings;
}

/** The result of one step of an extension. */
export type ExtensionStep = { kind: "done" } | { kind: "extended"; state: PurgeState | "stale" };

/** After retention grew: extends the expiry of entries recorded under the shorter retention before TTL removes them. */
export async function extendGrown(
  workspace: Workspace,
  state: PurgeState,
  now: number,
  dependencies: ExtensionDependencies,
): Promise<ExtensionStep> {
  const days = keptDays(workspace, dependencies.plans, now);
  const shortest = workspace.history?.shortestDays;
  if (days === null || shortest === undefined || shortest >= days) return { kind: "done" };
  const from =
    state.extended !== undefined && state.extended.days >= days ? state.extended.throughPage + 1 : 1;
  const pages = await pagesExpiring(workspace, from, shortest, now, dependencies);
  const floor = workspace.history?.floor ?? "";
  const last = await extendPages(pages, dependencies, (entry) =>
    entry.recordedAt >= floor ? expiryOf(entry.recordedAt, days) : null,
  );
  if (last === undefined) return { kind: "done" };
  const extended = { throughPage: last.page, days };
  return { kind: "extended", state: await dependencies.store.replaceState({ ...state, extended }) };
}

/**
 * Under a legal hold: entries that would expire within the look-ahead time never expire from now on. Entries recorded
 * under the hold never expire anyway. A request that read the workspace just before the hold recorded its entry on a
 * page after `heldThrough`, which the next day's purge extends.
 */
export async function extendHeld(
  workspace: Workspace,
  state: PurgeState,
  now: number,
  dependencies: ExtensionDependencies,
): Promise<ExtensionStep> {
  const shortest = shortestDaysOf(workspace, dependencies.plans, now);
  const pages = await pagesExpiring(workspace, (state.heldThrough ?? 0) + 1, shortest, now, dependencies);
  const last = await extendPages(pages, dependencies, () => NEVER_EXPIRES);
  if (last === undefined) return { kind: "done" };
  return {
    kind: "extended",
    state: await dependencies.store.replaceState({ ...state, heldThrough: last.page }),
  };
}

/**
 * After a workspace ended: keeps its entries for the grace period, whatever its plan. The purge then removes them with
 * a receipt; TTL would remove them only if no purge ran within the look-ahead time. It costs one write unit for each kB
 * that would expire within the grace period.
 */
export async function extendEnded(
  workspace: Workspace,
  state: PurgeState,
  now: number,
  dependencies: ExtensionDependencies,
): Promise<ExtensionStep> {
  const { plans, settings, store } = dependencies;
  const { endedAt = "" } = workspace;
  const end = endOfGrace(workspace, settings);
  if (end === undefined || end <= now) return { kind: "done" };
  const through = state.ended?.endedAt === endedAt ? state.ended.throughPage : 0;
  const shortest = shortestDaysOf(workspace, plans, now);
  const pages = await pagesExpiring(workspace, through + 1, shortest, now, dependencies);
  const removed = removableBefore(workspace, plans, now, settings) ?? "";
  const expiry = Math.ceil((end + settings.lookaheadDays * DAY_MS) / 1000);
  const last = await extendPages(pages, dependencies, ({ recordedAt }) =>
    recordedAt >= removed ? expiry : null,
  );
  if (last === undefined) return { kind: "done" };
  const ended = { endedAt, throughPage: last.page };
  return { kind: "extended", state: await store.replaceState({ ...state, ended }) };
}

/** The shortest retention under which an entry may have been recorded. */
function shortestDaysOf(workspace: Workspace, plans: Plans, now: number): number {
  const days = keptDays(workspace, plans, now) ?? 0;
  return Math.min(days, workspace.history?.shortestDays ?? days);
}

/**
 * Extends the expiry of the pages' entries to what `expiryFor` returns, where `null` leaves an entry alone. Processes
 * at least the first page and continues while there is time, so that every invocation makes progress. Returns the last
 * page that it completed.
 */
async function extendPages(
  pages: readonly Page[],
  dependencies: ExtensionDependencies,
  expiryFor: (entry: EntryReference) => number | null,
): Promise<Page | undefined> {
  let last: Page | undefined;
  for (const page of pages) {
    if (last !== undefined && !dependencies.hasTime()) break;
    const extensions = page.entries.flatMap((entry) => {
      const expiresAt = expiryFor(entry);
      return expiresAt !== null && entry.expiresAt < expiresAt ? [{ entry, expiresAt }] : [];
    });
    await extend(page.workspace, extensions, dependencies);
    last = page;
  }
  return last;
}

/** Paced like a removal, so that a legal hold on a very large workspace does not throttle its ingest. */
async function extend(
  workspace: string,
  extensions: readonly { entry: EntryReference; expiresAt: number }[],
  dependencies: ExtensionDependencies,
): Promise<void> {
  let units = 0;
  for (let start = 0; start < extensions.length; start += WRITES_AT_ONCE) {
    const used = await Promise.all(
      extensions
        .slice(start, start + WRITES_AT_ONCE)
        .map(({ entry, expiresAt }) => dependencies.store.extendEntry(workspace, entry, expiresAt)),
    );
    units += used.reduce((sum, each) => sum + each, 0);
  }
  await paceAfter(units, dependencies);
}

/**
 * The next pages whose entries may expire within the look-ahead time, up to the first page whose entries may not. It is
 * enough to stop there: an entry is journalled within the 24 h that the stream keeps it, or its expiry counts from its
 * redrive.
 */
async function pagesExpiring(
  workspace: Workspace,
  from: number,
  shortestDays: number,
  now: number,
  { journal, settings }: ExtensionDependencies,
): Promise<Page[]> {
  const before = now + (settings.lookaheadDays - shortestDays) * DAY_MS;
  const expires = (page: Page): boolean =>
    page.entries.some((entry) => Date.parse(entry.recordedAt) < before);
  const [first] = await journal.readPagesFrom(workspace.workspace, from, 1);
  if (first === undefined || !expires(first)) return [];
  const rest = await journal.readPagesFrom(workspace.workspace, first.page + 1, PAGES_A_STEP - 1);
  const end = rest.findIndex((page) => !expires(page));
  return [first, ...(end === -1 ? rest : rest.slice(0, end))];
}
