import { linesOf } from "../../lambdas/core/entry/entry-body.ts";
import { readEventsBack } from "../../lambdas/core/reading/read-journal.ts";
import { type RetentionWorld, WS } from "./retention-world.ts";

/** Everything that the reading API returns, page by page. */
export async function visibleEvents(world: RetentionWorld): Promise<string[]> {
  const pages = world.journal.pagesOf(WS).toReversed();
  const reading = {
    readPagesBack: async (_workspace: string, page: number | undefined, limit: number) =>
      pages.filter((candidate) => page === undefined || candidate.page <= page).slice(0, limit),
    pageAt: async () => undefined,
    readLines: async (_workspace: string, references: readonly { entry: string }[]) =>
      new Map(
        references.flatMap(({ entry }) => {
          const stored = world.entries.entries.get(`${WS}/${entry}`);
          return stored === undefined ? [] : [[entry, linesOf(stored)] as const];
        }),
      ),
  };
  const ids: string[] = [];
  const query = { workspace: WS, since: world.visibleSince(), until: undefined, filter: {}, limit: 50 };
  let before: { page: number; index: number } | undefined;
  do {
    const answer = await readEventsBack({ ...query, before }, reading);
    ids.push(...answer.events.map(({ id }) => id));
    before = answer.next;
  } while (before !== undefined);
  return ids;
}
