import type { Page } from "./page.ts";

/** Events of a page, of those from index `from` to before `until`, that were recorded before `since` (a timestamp): nobody gets them. */
export function expiredOn(
  page: Pick<Page, "entries">,
  since: string,
  from = 0,
  until = Number.POSITIVE_INFINITY,
): number {
  let first = 0;
  let expired = 0;
  for (const { count, recordedAt } of page.entries) {
    const end = first + count;
    if (recordedAt < since) expired += Math.max(0, Math.min(end, until) - Math.max(first, from));
    first = end;
  }
  return expired;
}
