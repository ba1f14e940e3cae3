import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createChance } from "../../../bench/faults/chance.ts";
import { createDisturbance } from "../../../bench/faults/disturb-stack.ts";
import {
  countFaults,
  createFaultLog,
  describeFaults,
  FAULT_KINDS,
  type HappenedFault,
} from "../../../bench/faults/fault-log.ts";
import { planFaults } from "../../../bench/faults/plan.ts";

const OPTIONS = { events: 1000, workspaces: 20, kills: 12, seed: 5, timeScale: 60 };
const WORKSPACES = ["ws_faults_0", "ws_faults_1", "ws_faults_2"];
const CALLS_EACH = 400;

/** The decisions of `createDisturbance` for calls of these workspaces in this order. */
function decideCalls(seed: number, generation: number, order: readonly string[]): HappenedFault[] {
  const faults: HappenedFault[] = [];
  const disturbance = createDisturbance(createChance(seed), generation, (fault) => faults.push(fault));
  const caller = { function: "DeliverFunction", isBackground: false, kill: async () => undefined };
  for (const workspace of order) {
    const input = { Key: { pk: { S: `${workspace}#live` } } };
    const call = { service: "DynamoDB_20120810", action: "UpdateItem", input };
    disturbance.call(caller, call, async () => ({})).catch(() => undefined);
  }
  return faults;
}

/**
 * The faults of a workspace without its first calls. By then each kind has had its guaranteed turn, which depends on
 * the count of all calls.
 */
function afterTheTurns(faults: readonly HappenedFault[], workspace: string): HappenedFault[] {
  return faults.filter(
    ({ where }) => where.includes(` ${workspace} `) && Number(where.split(" ").at(-1)) > 80,
  );
}

const inTurns = Array.from({ length: CALLS_EACH }, () => WORKSPACES).flat();
const oneByOne = WORKSPACES.flatMap((workspace) => Array.from({ length: CALLS_EACH }, () => workspace));

describe("the same seed", () => {
  it("plans the same destinations, faults and kills, while another seed does not", () => {
    const { destinations, killings } = planFaults(OPTIONS);
    expect(planFaults(OPTIONS)).toMatchObject({ destinations, killings });
    const other = planFaults({ ...OPTIONS, seed: 6 });
    expect(other.destinations).not.toEqual(destinations);
    expect(other.killings).not.toEqual(killings);
  });

  it("plans the same faults for a destination, however many others there are", () => {
    const { destinations } = planFaults(OPTIONS);
    expect(planFaults({ ...OPTIONS, workspaces: 3 }).destinations).toEqual(destinations.slice(0, 3));
  });

  it("decides the same for the same calls, while another seed or start of the stack does not", () => {
    const faults = decideCalls(5, 0, inTurns);
    expect(faults.length).toBeGreaterThan(FAULT_KINDS.calls.length);
    expect(decideCalls(5, 0, inTurns)).toEqual(faults);
    expect(decideCalls(6, 0, inTurns)).not.toEqual(faults);
    expect(decideCalls(5, 1, inTurns).map(({ kind, where }) => [kind, where.slice(2)])).not.toEqual(
      faults.map(({ kind, where }) => [kind, where.slice(2)]),
    );
  });

  it("hits the same calls of a workspace, however the calls of others interleave", () => {
    const [turns, one] = [decideCalls(5, 0, inTurns), decideCalls(5, 0, oneByOne)];
    const late = (faults: readonly HappenedFault[]): HappenedFault[] => afterTheTurns(faults, "ws_faults_2");
    expect(late(turns).length).toBeGreaterThan(0);
    expect(late(one)).toEqual(late(turns));
  });

  it("decides the same for the same batches and wake-ups", () => {
    const decide = (seed: number): HappenedFault[] => {
      const faults: HappenedFault[] = [];
      const { invocation } = createDisturbance(createChance(seed), 0, (fault) => faults.push(fault));
      for (let index = 0; index < 100; index++) {
        const source = index % 2 === 0 ? ("stream" as const) : ("queue" as const);
        const mapped = { mapping: source, function: "DeliverFunction", source };
        void invocation(mapped, async () => ({ kind: "done", result: "null" }));
      }
      return faults;
    };
    const faults = decide(5);
    expect(faults.length).toBeGreaterThan(8);
    expect(decide(5)).toEqual(faults);
    expect(decide(6)).not.toEqual(faults);
  });
});

describe("the log of faults", () => {
  it("includes each kind within the first hundred calls, whatever the seed", () => {
    for (const seed of [1, 2, 3]) {
      const kinds = decideCalls(seed, 0, inTurns.slice(0, 100)).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining([...FAULT_KINDS.calls]));
    }
  });

  it("is counted by kind, with a 0 for each kind that did not happen", async () => {
    const dir = await mkdtemp(join(tmpdir(), "trailcast-fault-log-"));
    try {
      expect(countFaults(dir).calls).toEqual({
        "die-before": 0,
        "die-after": 0,
        zombie: 0,
        "answer-lost": 0,
        late: 0,
      });
      const happened = createFaultLog(dir);
      happened({ group: "calls", kind: "zombie", where: "a" });
      createFaultLog(dir)({ group: "calls", kind: "zombie", where: "b" });
      happened({ group: "receivers", kind: "429", where: "c" });
      const counts = countFaults(dir);
      expect(counts.calls).toMatchObject({ zombie: 2, late: 0 });
      expect(describeFaults(counts)).toContain("calls: 0 die-before, 0 die-after, 2 zombie");
      expect(describeFaults(counts)).toContain("1 429");
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
