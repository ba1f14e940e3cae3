import { entitlementOf } from "../core/workspace/entitlement.ts";
import { findPageAt } from "../core/journal/find-page-at.ts";
import { type Health, healthOf, waitingOn } from "../core/lane/health.ts";
import type { Lane } from "../core/lane/state.ts";
import type { Page, Position } from "../core/journal/page.ts";
import { visibleSince } from "../core/workspace/retention.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { createNoticeReader } from "./own-notices.ts";

/**
 * Limits how many pages are read from the cursor. Events are journalled shortly after recording, so few pages mix
 * expired events with others.
 */
const EDGE_PAGES = 10;

/** Shared by the lanes of one workspace. */
interface Surroundings {
  newest: Page | undefined;
  since: string;
  forwards: boolean;
}

/**
 * Creates a reader of the present health of one workspace's lanes. Reads the workspace, the end of the journal and the
 * notices once.
 */
export function createHealthReader(
  workspace: string,
  dependencies: ManageDependencies,
): (lane: Lane) => Promise<Health> {
  const { journal } = dependencies;
  const withNotices = createNoticeReader(workspace, dependencies);
  let surroundings: Promise<Surroundings> | undefined;
  let edge: Promise<Page | undefined> | undefined;
  /**
   * Returns the first page with an event for the lane, without reading through expired pages that are not purged yet.
   */
  async function nextFor(cursor: Position, since: string): Promise<Page | undefined> {
    const [next] = await journal.readPagesFrom(workspace, cursor.page, 1);
    if (next === undefined || waitingOn(next, cursor, since) > 0) return next;
    const from = next.at < since ? await (edge ??= findPageAt(workspace, since, journal)) : next;
    if (from === undefined) return undefined;
    const pages = await journal.readPagesFrom(workspace, from.page, EDGE_PAGES);
    return pages.find((page) => waitingOn(page, cursor, since) > 0) ?? pages.at(-1);
  }
  return async (lane) => {
    const { newest, since, forwards } = await (surroundings ??= readSurroundings(workspace, dependencies));
    const ends = { newest, next: await nextFor(lane.cursor, since) };
    return healthOf(lane, await withNotices(lane, ends, since), { since, forwards });
  };
}

async function readSurroundings(
  workspace: string,
  { journal, registry, settings, clock }: ManageDependencies,
): Promise<Surroundings> {
  const [newest, row] = await Promise.all([journal.newestPage(workspace), registry.readWorkspace(workspace)]);
  if (row === undefined) return { newest, since: "", forwards: false };
  return {
    newest,
    since: visibleSince(row, settings.plans, clock()),
    forwards: entitlementOf(row, settings.plans)?.forwarding === true,
  };
}
