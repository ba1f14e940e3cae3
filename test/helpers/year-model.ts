import fc from "fast-check";
import { sha256 } from "../../lambdas/core/entry/build-entry.ts";
import { linesOf, unpackBody } from "../../lambdas/core/entry/entry-body.ts";
import { readEventsBack } from "../../lambdas/core/reading/read-journal.ts";
import { DAY_MS } from "../../lambdas/core/retention/retention.ts";
import { verifyJournal } from "../../lambdas/core/journal/verify-journal.ts";
import { LaneProcesses } from "./lane-processes.ts";
import { RetentionLedger } from "./retention-ledger.ts";
import {
  CrashError,
  createRetentionWorld,
  PLANS,
  type RetentionWorld,
  START,
  WS,
} from "./retention-world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What happens on one day besides the recording and the purge. */
type Happening =
  | { kind: "plan"; plan: string }
  | { kind: "hold"; on: boolean }
  | { kind: "end" | "quiet" }
  | { kind: "revive"; plan: string; hold: boolean | undefined }
  | { kind: "crash"; calls: number }
  | { kind: "twice"; order: number[] };

export interface Day {
  happening: Happening;
  hour: number;
  pages: { entries: number; laterMinutes: number }[];
  /** The table removes what expired in this very second, or up to three days ago. */
  ttlLateDays: number;
  /** After a change the purge comes within the hour, and may crash once before. */
  purgeMinutes: number;
  /** The purge of the night dies after so many calls, and nobody tries again before the next one. */
  nightCrash: number | undefined;
}

const somePlan = fc.constantFrom("free", "team", "enterprise");
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 20, arbitrary: fc.constant<Happening>({ kind: "quiet" }) },
  { weight: 3, arbitrary: somePlan.map((plan) => ({ kind: "plan" as const, plan })) },
  { weight: 2, arbitrary: fc.boolean().map((on) => ({ kind: "hold" as const, on })) },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "end" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("revive" as const),
      plan: somePlan,
      hold: fc.constantFrom(undefined, undefined, true, false),
    }),
  },
  { weight: 3, arbitrary: fc.nat(40).map((calls) => ({ kind: "crash" as const, calls })) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.nat(1), { minLength: 1, maxLength: 30 })
      .map((order) => ({ kind: "twice" as const, order })),
  },
);
export const day: fc.Arbitrary<Day> = fc.record({
  happening,
  hour: fc.nat(20),
  pages: fc.array(fc.record({ entries: fc.integer({ min: 1, max: 3 }), laterMinutes: fc.nat(40) }), {
    maxLength: 2,
  }),
  ttlLateDays: fc.constantFrom(0, 0, 1, 3),
  purgeMinutes: fc.nat(50),
  nightCrash: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat(40) },
  ),
});

/** A workspace through the days, and what went against the documentation. */
export class Year {
  readonly broken: string[] = [];
  private readonly world = createRetentionWorld({ plan: "free" });
  private readonly ledger = new RetentionLedger(7, START);
  private crashedLastNight = false;
  /** What was stored when the hold had been confirmed. */
  private held: string[] | undefined;

  async spend(number: number, spent: Day): Promise<void> {
    const { world, ledger } = this;
    world.moveTo(START + number * DAY_MS + spent.hour * HOUR_MS);
    if (!ledger.isEnded()) for (const page of spent.pages) await this.record(page);
    world.moveTo(world.now() + MINUTE_MS);
    await this.happen(spent);
    world.expire(spent.ttlLateDays);
    await this.checkReading();
    world.moveTo(START + (number + 1) * DAY_MS - 1);
    const isDone = await this.night(spent);
    world.expire(spent.ttlLateDays);
    await this.checkReading();
    this.checkStores(isDone);
  }

  private async record({ entries, laterMinutes }: Day["pages"][number]): Promise<void> {
    const { world, ledger } = this;
    const recorded = await world.recordPage(entries, laterMinutes * MINUTE_MS);
    const page = world.journal.pagesOf(WS).at(-1)?.page ?? 0;
    for (const entry of recorded) {
      const facts = { entry: entry.entry, recordedAt: Date.parse(entry.recordedAt), page };
      const ids = linesOf(entry).map((line) => (JSON.parse(line) as { id: string }).id);
      ledger.recorded(ids.map((id) => ({ ...facts, id, journalledAt: world.now() })));
    }
  }

  private async happen({ happening: what, purgeMinutes }: Day): Promise<void> {
    const { world, ledger } = this;
    const { plan } = world.workspace();
    switch (what.kind) {
      case "plan":
        return this.put({ plan: what.plan }, purgeMinutes);
      case "hold":
        return ledger.isEnded() ? undefined : this.put({ plan, hold: what.on }, purgeMinutes);
      case "end":
        if (ledger.isEnded()) return;
        world.change({ endedAt: new Date(world.now()).toISOString() });
        ledger.ended(world.now());
        return this.purgeAfter(purgeMinutes);
      case "revive":
        return ledger.isEnded() ? this.put({ plan: what.plan, hold: what.hold }, purgeMinutes) : undefined;
      case "crash":
        return this.crash(what.calls);
      case "twice":
        return this.purgeTwice(what.order);
      case "quiet":
        return;
    }
  }

  /** The table gets what expires in the meantime; the purge that the change asks for crashes and comes again. */
  private async put(asked: { plan: string; hold?: boolean | undefined }, minutes: number): Promise<void> {
    const { world, ledger } = this;
    world.put(asked);
    ledger.planned(PLANS[asked.plan]?.retentionDays ?? 0, world.now());
    if (asked.hold !== undefined) ledger.hold(asked.hold);
    await this.checkReading();
    await this.purgeAfter(minutes);
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

  /** Whether the purge of the night got through: one that dies does not do so two nights in a row. */
  private async night({ nightCrash }: Day): Promise<boolean> {
    const crashes = nightCrash !== undefined && !this.crashedLastNight;
    this.crashedLastNight = crashes;
    if (crashes) await this.crash(nightCrash);
    else await this.world.purge();
    return !crashes;
  }

  private async checkReading(): Promise<void> {
    const shown = await visible(this.world);
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
    const findings = verifyJournal(pages, [...world.store.receipts.values()]);
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

/** Everything that the reading API shows, page by page. */
async function visible(world: RetentionWorld): Promise<string[]> {
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
