import fc from "fast-check";
import { expect, it } from "vitest";
import { linesOf } from "../../../lambdas/core/entry-body.ts";
import { readEventsBack } from "../../../lambdas/core/read-journal.ts";
import { DAY_MS } from "../../../lambdas/core/retention.ts";
import { verifyJournal } from "../../../lambdas/core/verify-journal.ts";
import {
  CrashError,
  createRetentionWorld,
  PLANS,
  type RetentionWorld,
  START,
  WS,
} from "../../helpers/retention-world.ts";

const HOUR_MS = DAY_MS / 24;

/** What happens on one day besides the recording and the purge. */
type Happening =
  | { kind: "plan"; plan: string }
  | { kind: "hold"; on: boolean }
  | { kind: "crash"; calls: number }
  | { kind: "twice" }
  | { kind: "quiet" };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 20, arbitrary: fc.constant<Happening>({ kind: "quiet" }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("free", "team", "enterprise").map((plan) => ({ kind: "plan" as const, plan })),
  },
  { weight: 1, arbitrary: fc.boolean().map((on) => ({ kind: "hold" as const, on })) },
  { weight: 3, arbitrary: fc.nat(40).map((calls) => ({ kind: "crash" as const, calls })) },
  { weight: 3, arbitrary: fc.constant<Happening>({ kind: "twice" }) },
);
const day = fc.record({ happening, ttlLateDays: fc.nat(3), hour: fc.nat(23) });

async function spend(world: RetentionWorld, { happening: what }: { happening: Happening }): Promise<void> {
  if (what.kind === "plan") world.changePlan(what.plan);
  if (what.kind === "hold") {
    const { hold: _hold, ...row } = world.workspace();
    world.change({ ...row, hold: what.on ? "pending" : undefined } as never);
  }
  if (what.kind === "crash") {
    await world.purge(what.calls).catch((error: unknown) => {
      if (!(error instanceof CrashError)) throw error;
    });
  }
  if (what.kind === "twice") await Promise.all([world.purge(), world.purge()]);
}

/** Everything that the reading API shows, page by page. */
async function visible(world: RetentionWorld): Promise<string[]> {
  const reading = {
    readPagesBack: async (_workspace: string, page: number | undefined, limit: number) =>
      world.journal
        .pagesOf(WS)
        .filter((candidate) => page === undefined || candidate.page <= page)
        .toReversed()
        .slice(0, limit),
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

it("a year of plans, holds, crashes and two purges at once shows at each day's end just what is within the window", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(day, { minLength: 365, maxLength: 365 }), async (days) => {
      const world = createRetentionWorld({ plan: "free" });
      const recorded: { recordedAt: string; ids: string[] }[] = [];
      for (const [number, spent] of days.entries()) {
        world.moveTo(START + number * DAY_MS + spent.hour * HOUR_MS);
        const entry = await world.record();
        recorded.push({
          recordedAt: entry.recordedAt,
          ids: linesOf(entry).map((line) => (JSON.parse(line) as { id: string }).id),
        });
        await spend(world, spent);
        world.expire(spent.ttlLateDays);
        world.moveTo(START + (number + 1) * DAY_MS - 1);
        await world.purge();

        const since = world.visibleSince();
        const within = recorded.filter(({ recordedAt }) => recordedAt >= since);
        const expected = within.toReversed().flatMap(({ ids }) => ids.toReversed());
        expect(await visible(world)).toEqual(expected);
        const window = PLANS[world.workspace().plan]?.retentionDays ?? 0;
        expect(
          within.every(({ recordedAt }) => Date.parse(recordedAt) >= world.now() - window * DAY_MS),
        ).toBe(true);
      }
      expect(verifyJournal(world.journal.pagesOf(WS), [...world.store.receipts.values()])).toEqual([]);
    }),
    { numRuns: 2, seed: 20261124 },
  );
}, 120_000);
