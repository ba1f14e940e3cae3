const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As docs/retention.md has them. */
const SHRINK_GRACE_MS = 7 * DAY_MS;
const END_GRACE_MS = 30 * DAY_MS;
const YOUNGEST_REMOVABLE_MS = 2 * DAY_MS;

export interface LedgerEvent {
  id: string;
  entry: string;
  recordedAt: number;
  /** When its page was journalled. */
  journalledAt: number;
  page: number;
}

/** What had expired when a plan grew: surely, and possibly. */
interface Growth {
  at: number;
  surely: number;
  possibly: number;
}

/**
 * What docs/retention.md promises of each event, from when it was recorded and what happened to its workspace. Where the text leaves
 * a choice ("any of it may be gone"), an event may be shown, and need not.
 */
export class RetentionLedger {
  readonly events: LedgerEvent[] = [];
  /** A window of so many days counts from `from` until another takes its place. */
  private readonly windows: { days: number; from: number }[];
  private readonly growths: Growth[] = [];
  /** Grace of smaller plans, counted on by one that came within it. */
  private grace: { days: number; until: number } = { days: 0, until: 0 };
  private endedAt: number | undefined;
  private heldSince: number | undefined;

  constructor(days: number, from: number) {
    this.windows = [{ days, from }];
  }

  recorded(events: readonly LedgerEvent[]): void {
    this.events.push(...events);
  }

  planned(days: number, at: number): void {
    const before = this.days();
    // The window of a workspace that has ended stands still.
    const from = Math.min(at, this.endedAt ?? at);
    if (this.endedAt !== undefined) this.revived(at);
    if (days === before) return;
    const longest = Math.max(before, this.possiblyKept(at));
    if (days > before) {
      const surely = from - longest * DAY_MS;
      this.growths.push({ at, surely, possibly: from - this.surelyKept(at) * DAY_MS + HOUR_MS });
    }
    if (days < longest) this.grace = { days: longest, until: at + SHRINK_GRACE_MS };
    this.windows.push({ days, from: at });
  }

  /** It goes on with what is left of its log: after the grace period that may be nothing, if no hold has kept it. */
  private revived(at: number): void {
    const isLate = this.endedAt !== undefined && this.endedAt + END_GRACE_MS <= at;
    if (isLate && this.heldSince === undefined) this.growths.push({ at, surely: 0, possibly: at });
    this.endedAt = undefined;
  }

  ended(at: number): void {
    this.endedAt = at;
  }

  isEnded(): boolean {
    return this.endedAt !== undefined;
  }

  /** `at`: after that everybody knows of it. */
  hold(on: boolean, at: number): void {
    this.heldSince = on ? (this.heldSince ?? at) : undefined;
  }

  /** No purge came for longer than the look-ahead while the workspace was held: of what had been recorded before, any may be gone. */
  unattended(): void {
    if (this.heldSince === undefined) return;
    this.growths.push({ at: this.heldSince + 1, surely: 0, possibly: this.heldSince + 1 });
  }

  /** Whether an event of that time is to be shown, if it is journalled. */
  mustShow(recordedAt: number, now: number): boolean {
    if (this.endedAt !== undefined) return false;
    return recordedAt > now - this.days() * DAY_MS && this.outlives(recordedAt, "possibly");
  }

  /** Shown now, newest first; `must` those that no choice leaves out. */
  shown(now: number): { must: string[]; may: string[] } {
    if (this.endedAt !== undefined) return { must: [], may: [] };
    const since = now - this.days() * DAY_MS;
    const within = this.events.filter(({ recordedAt }) => recordedAt >= since).toReversed();
    // In its very last millisecond the table may have it removed.
    const must = within.filter(({ recordedAt }) => this.mustShow(recordedAt, now));
    const may = within.filter(({ recordedAt }) => this.outlives(recordedAt, "surely"));
    return { must: must.map(({ id }) => id), may: may.map(({ id }) => id) };
  }

  /** After a purge nothing keeps these: no window, no grace, no hold, and neither is their page young or the newest. */
  gone(now: number): LedgerEvent[] {
    if (this.heldSince !== undefined) return [];
    const hasEnded = this.endedAt !== undefined && this.endedAt + END_GRACE_MS <= now;
    if (hasEnded) return this.events;
    const newest = this.events.at(-1)?.page;
    const kept = Math.max(this.days(), this.possiblyKept(now)) * DAY_MS;
    const before = Math.min((this.endedAt ?? now) - kept, now - YOUNGEST_REMOVABLE_MS);
    return this.events.filter(({ journalledAt, page }) => journalledAt < before && page !== newest);
  }

  /** Whatever purges do or fail to do, these are in the table: what was recorded under a hold, and at the end what was visible. */
  kept(now: number): LedgerEvent[] {
    const { heldSince = Number.POSITIVE_INFINITY, endedAt } = this;
    const underHold = this.events.filter(({ recordedAt }) => recordedAt > heldSince);
    if (endedAt === undefined || (this.heldSince === undefined && endedAt + END_GRACE_MS <= now))
      return underHold;
    const since = endedAt - this.days() * DAY_MS + HOUR_MS;
    const atEnd = this.events.filter(
      ({ recordedAt }) => recordedAt > since && this.outlives(recordedAt, "possibly"),
    );
    return [...underHold, ...atEnd];
  }

  private outlives(recordedAt: number, expiry: "surely" | "possibly"): boolean {
    return this.growths.every((growth) => recordedAt >= growth.at || recordedAt >= growth[expiry]);
  }

  private days(): number {
    return this.windows.at(-1)?.days ?? 0;
  }

  /** The longest window in force within the grace period, or now. */
  private surelyKept(now: number): number {
    const recent = this.windows.filter((_window, place) => {
      const until = this.windows[place + 1]?.from ?? Number.POSITIVE_INFINITY;
      return until > now - SHRINK_GRACE_MS;
    });
    return Math.max(...recent.map(({ days }) => days));
  }

  private possiblyKept(now: number): number {
    return this.grace.until > now ? this.grace.days : 0;
  }
}
