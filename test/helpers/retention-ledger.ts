const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** These values are stated in docs/retention.md. */
const SHRINK_GRACE_MS = 7 * DAY_MS;
const END_GRACE_MS = 30 * DAY_MS;
const YOUNGEST_REMOVABLE_MS = 2 * DAY_MS;

export interface LedgerEvent {
  id: string;
  entry: string;
  recordedAt: number;
  /** The time when its page was journalled. */
  journalledAt: number;
  page: number;
}

/** Limits before which events had expired when a plan grew: certainly, and possibly. */
interface Growth {
  at: number;
  surely: number;
  possibly: number;
}

/**
 * What docs/retention.md promises for each event, computed from its time of recording and the changes of its workspace.
 * Where the text allows several results ("may be removed"), an event may be visible but does not have to be.
 */
export class RetentionLedger {
  readonly events: LedgerEvent[] = [];
  /** A window of this many days applies from `from` until it is replaced. */
  private readonly windows: { days: number; from: number }[];
  private readonly growths: Growth[] = [];
  /** The grace period after a smaller plan, restarted if the plan shrinks again within it. */
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
    // The window of an ended workspace does not move.
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

  /**
   * The workspace resumes with what is left of its log: after the grace period that may be nothing, unless a hold has
   * kept it.
   */
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

  /** `at`: the time after which every request sees the change. */
  hold(on: boolean, at: number): void {
    this.heldSince = on ? (this.heldSince ?? at) : undefined;
  }

  /**
   * If no purge ran for longer than the look-ahead during a hold, any event recorded before the hold may have been
   * removed.
   */
  unattended(): void {
    if (this.heldSince === undefined) return;
    this.growths.push({ at: this.heldSince + 1, surely: 0, possibly: this.heldSince + 1 });
  }

  /** Whether an event of that time must be visible, if it is journalled. */
  mustShow(recordedAt: number, now: number): boolean {
    if (this.endedAt !== undefined) return false;
    return recordedAt > now - this.days() * DAY_MS && this.outlives(recordedAt, "possibly");
  }

  /** Visible events, newest first; `must` lists those that are visible in every allowed result. */
  shown(now: number): { must: string[]; may: string[] } {
    if (this.endedAt !== undefined) return { must: [], may: [] };
    const since = now - this.days() * DAY_MS;
    const within = this.events.filter(({ recordedAt }) => recordedAt >= since).toReversed();
    // In its very last millisecond, TTL may already have removed the event.
    const must = within.filter(({ recordedAt }) => this.mustShow(recordedAt, now));
    const may = within.filter(({ recordedAt }) => this.outlives(recordedAt, "surely"));
    return { must: must.map(({ id }) => id), may: may.map(({ id }) => id) };
  }

  /**
   * Events that a purge must have removed: no window, grace period or hold keeps them, and their page is neither young
   * nor the newest.
   */
  gone(now: number): LedgerEvent[] {
    if (this.heldSince !== undefined) return [];
    const hasEnded = this.endedAt !== undefined && this.endedAt + END_GRACE_MS <= now;
    if (hasEnded) return this.events;
    const newest = this.events.at(-1)?.page;
    const kept = Math.max(this.days(), this.possiblyKept(now)) * DAY_MS;
    const before = Math.min((this.endedAt ?? now) - kept, now - YOUNGEST_REMOVABLE_MS);
    return this.events.filter(({ journalledAt, page }) => journalledAt < before && page !== newest);
  }

  /**
   * Events that must be stored even if purges fail: those recorded under a hold, and those that were visible when the
   * workspace ended.
   */
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

  /** The longest window in force now or within the grace period. */
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
