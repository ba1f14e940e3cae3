import type { Page } from "./page.ts";

/**
 * Number of events of a page, from index `from` to before `until`, that were recorded before `since` (a timestamp) and
 * have therefore expired.
 */
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
