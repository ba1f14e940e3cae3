import { sha256 } from "../../lambdas/core/entry/build-entry.ts";
import { linesOf, unpackBody } from "../../lambdas/core/entry/entry-body.ts";
import { DAY_MS, NEVER_EXPIRES } from "../../lambdas/core/workspace/retention.ts";
import { verifyJournal } from "../../lambdas/core/proof/verify-journal.ts";
import type { Entry } from "../../lambdas/core/entry/entry.ts";
import type { Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import { verifyReceipts } from "../../lambdas/core/proof/verify-receipts.ts";
import { newPurgeState } from "../../lambdas/core/retention/purge-state.ts";
import { LaneProcesses } from "./lane-processes.ts";
import { RetentionLedger } from "./retention-ledger.ts";
import { CrashError, createRetentionWorld, PLANS, START, WS } from "./retention-world.ts";
import { visibleEvents } from "./visible-events.ts";
import type { Day } from "./year-days.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A workspace over many days, and the violations of the documentation that were found. */
export class Year {
  readonly broken: string[] = [];
  private readonly world = createRetentionWorld({ plan: "free" });
  private readonly ledger = new RetentionLedger(7, START);
  private crashedLastNight = false;
  /** Nights without a purge; more than two only for a workspace under a hold. */
  private nightsDown = 0;
  private readonly waiting: { entry: Entry; until: number }[] = [];
  /** What was stored when the hold was confirmed. */
  private held: string[] | undefined;

  async spend(number: number, spent: Day): Promise<void> {
    const { world, ledger } = this;
    world.moveTo(START + number * DAY_MS + spent.hour * HOUR_MS);
    if (!ledger.isEnded()) for (const page of spent.pages) await this.record(page);
    await this.redrive(number);
    world.moveTo(world.now() + MINUTE_MS);
    await this.happen(spent, number);
    world.expire(spent.ttlLateDays);
    await this.checkReading();
    world.moveTo(START + (number + 1) * DAY_MS - 1);
    const isDone = await this.night(spent);
    world.expire(spent.ttlLateDays);
    await this.checkReading();
    this.checkStores(isDone);
  }

  private async record({ entries, laterMinutes }: Day["pages"][number], seen?: Workspace): Promise<void> {
    const recorded = await this.world.recordPage(entries, laterMinutes * MINUTE_MS, seen);
    this.journalled(recorded);
  }

  private journalled(recorded: readonly Entry[]): void {
    const { world, ledger } = this;
    const page = world.journal.pagesOf(WS).at(-1)?.page ?? 0;
    for (const entry of recorded) {
      const facts = { entry: entry.entry, recordedAt: Date.parse(entry.recordedAt), page };
      const ids = linesOf(entry).map((line) => (JSON.parse(line) as { id: string }).id);
      ledger.recorded(ids.map((id) => ({ ...facts, id, journalledAt: world.now() })));
    }
  }

  /** Events that are still within the window are journalled, and visible at the position of the redrive. */
  private async redrive(number: number): Promise<void> {
    const { world } = this;
    const due = this.waiting.filter(({ until }) => until <= number);
    if (due.length === 0) return;
    await world.redrive();
    for (const { entry } of this.waiting.splice(0)) {
      const references = world.journal.pagesOf(WS).flatMap(({ entries }) => entries);
      const isJournalled = references.some((reference) => reference.entry === entry.entry);
      const stored = world.entries.entries.get(`${WS}/${entry.entry}`);
      if (isJournalled) this.journalled([entry]);
      else if (stored?.expiresAt === NEVER_EXPIRES) this.none("stored for ever", [entry.entry]);
      else if (this.ledger.mustShow(Date.parse(entry.recordedAt), world.now()))
        this.none("not journalled", [entry.entry]);
    }
  }

  private async happen(spent: Day, number: number): Promise<void> {
    const { happening: what, purgeMinutes } = spent;
    const { world, ledger } = this;
    const seen = world.workspace();
    const { plan } = seen;
    switch (what.kind) {
      case "plan":
        return this.put({ plan: what.plan }, spent);
      case "hold":
        if (ledger.isEnded()) return;
        await this.put({ plan, hold: what.on }, spent);
        if (what.on) this.nightsDown ||= what.nights;
        return;
      case "end":
        if (ledger.isEnded()) return;
        world.change({ endedAt: new Date(world.now()).toISOString() });
        ledger.ended(world.now());
        await this.overtaken(spent, seen);
        return this.purgeAfter(purgeMinutes);
      case "revive":
        return ledger.isEnded() ? this.put({ plan: what.plan, hold: what.hold }, spent) : undefined;
      case "crash":
        return this.crash(what.calls);
      case "twice":
        return this.purgeTwice(what.order);
      case "quarantine":
        if (!ledger.isEnded())
          this.waiting.push({ entry: await world.quarantine(), until: number + what.days });
        return;
      case "down":
        this.nightsDown ||= what.nights;
        return;
      case "quiet":
        return;
    }
  }

  private async overtaken({ isOvertaken }: Day, seen: Workspace): Promise<void> {
    const { world } = this;
    world.moveTo(world.now() + 1);
    if (isOvertaken && seen.endedAt === undefined) await this.record({ entries: 1, laterMinutes: 0 }, seen);
    world.moveTo(world.now() + 1);
  }

  /** TTL removes what expires in the meantime; the purge that the change requests crashes and is repeated. */
  private async put(asked: { plan: string; hold?: boolean | undefined }, spent: Day): Promise<void> {
    const { world, ledger } = this;
    const seen = world.workspace();
    world.put(asked);
    ledger.planned(PLANS[asked.plan]?.retentionDays ?? 0, world.now());
    await this.overtaken(spent, seen);
    if (asked.hold !== undefined) ledger.hold(asked.hold, world.now());
    await this.checkReading();
    await this.purgeAfter(spent.purgeMinutes);
    if (asked.hold === undefined) return;
    const isConfirmed = world.workspace().hold === (asked.hold ? "held" : undefined);
    this.none("hold not confirmed", isConfirmed ? [] : [WS]);
    if (asked.hold) this.held ??= [...world.entries.entries.keys()];
    else this.held = undefined;
  }

  private async purgeAfter(minutes: number): Promise<void> {
    const { world } = this;
    world.moveTo(world.now() + minutes * MINUTE_MS);
    world.expire(0);
    await this.crash(minutes);
    await world.purge();
  }

  private async crash(calls: number): Promise<void> {
    await this.world.purge(calls).catch((error: unknown) => {
      if (!(error instanceof CrashError)) throw error;
    });
  }

  private async purgeTwice(order: readonly number[]): Promise<void> {
    const processes = new LaneProcesses((error) => this.none("failed", [String(error)]));
    for (let both = 0; both < 2; both++) processes.start("purge", (turn) => this.world.purgeByTurns(turn));
    for (let step = 0; processes.isAnyUnderWay(); step++)
      await processes.go({ pick: order[step % order.length] ?? 0, steps: 1 }, () => {});
  }

  /**
   * Whether the purge of the night completed. A purge never dies two nights in a row, nor next to a night without one.
   */
  private async night({ nightCrash }: Day): Promise<boolean> {
    const { hold, endedAt } = this.world.workspace();
    if (this.nightsDown > 2 && (hold === undefined || endedAt !== undefined)) this.nightsDown = 0;
    if (this.nightsDown > 2) {
      this.ledger.unattended();
      this.held = undefined;
    }
    if (this.nightsDown > 0 && !(this.nightsDown <= 2 && this.crashedLastNight)) {
      this.nightsDown--;
      if (this.nightsDown === 0) this.crashedLastNight = true;
      return false;
    }
    const crashes = nightCrash !== undefined && !this.crashedLastNight;
    this.crashedLastNight = crashes;
    if (crashes) await this.crash(nightCrash);
    else await this.world.purge();
    return !crashes;
  }

  private async checkReading(): Promise<void> {
    const shown = await visibleEvents(this.world);
    const { must, may } = this.ledger.shown(this.world.now());
    const allowed = new Set(may);
    const expired = shown.filter((id) => !allowed.has(id));
    this.none("shown, though expired", expired);
    const present = new Set(shown);
    const missing = must.filter((id) => !present.has(id));
    this.none("not shown", missing);
    const inOrder = may.filter((id) => present.has(id));
    const misplaced = shown.filter((id, place) => id !== inOrder[place]);
    this.none("out of order", misplaced);
  }

  private checkStores(isPurged: boolean): void {
    const { world, ledger } = this;
    const { entries } = world.entries;
    const pages = world.journal.pagesOf(WS);
    const receipts = [...world.store.receipts.values()];
    const evidence = { workspace: world.workspace(), announcements: new Map(), now: world.now() };
    const state = world.store.states.get(WS) ?? newPurgeState(WS);
    const judged = verifyReceipts(receipts, { ...evidence, state });
    // In this world the purge does not record its receipts as events.
    const broken = judged.filter(({ kind }) => kind !== "unrecorded-receipt");
    const findings = [...verifyJournal(pages, receipts), ...broken];
    this.none(
      "verified",
      findings.map((finding) => JSON.stringify(finding)),
    );
    const references = pages.flatMap((page) => page.entries);
    const altered = references.filter(({ entry, hash }) => {
      const stored = entries.get(`${WS}/${entry}`);
      return stored !== undefined && sha256(unpackBody(stored)) !== hash;
    });
    this.none(
      "altered",
      altered.map(({ entry }) => entry),
    );
    this.none("lost under a hold", this.held?.filter((key) => !entries.has(key)) ?? []);
    const lost = ledger.kept(world.now()).filter(({ entry }) => !entries.has(`${WS}/${entry}`));
    this.none(
      "lost",
      lost.map(({ entry }) => entry),
    );
    if (!isPurged) return;
    const gone = ledger.gone(world.now());
    const stored = gone.filter(({ entry }) => entries.has(`${WS}/${entry}`));
    this.none(
      "still stored",
      stored.map(({ entry }) => entry),
    );
    const newest = pages.at(-1)?.page;
    const left = new Set(pages.map(({ page }) => page).filter((page) => page !== newest));
    const kept = gone.filter(({ page }) => left.has(page));
    this.none(
      "page still there",
      kept.map(({ page }) => String(page)),
    );
  }

  private none(what: string, found: readonly string[]): void {
    const elapsed = ((this.world.now() - START) / DAY_MS).toFixed(3);
    if (found.length > 0) this.broken.push(`day ${elapsed}: ${what}: ${found.join(" ")}`);
  }
}
