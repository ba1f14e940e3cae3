import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, type Mock, vi } from "vitest";
import { type DisturbedWorld, runDisturbed } from "../../../bench/faults/disturbed-run.ts";
import { createLedger } from "../../../bench/faults/ledger.ts";
import { type FaultPlan, type KillPlan, planFaults } from "../../../bench/faults/plan.ts";
import { isSound, judgeLedger } from "../../../bench/faults/verdict.ts";

const PLAN = planFaults({ events: 40, workspaces: 2, kills: 0, seed: 1, timeScale: 1 });
const LIMITS = { stallMs: 300, aftermathMs: 0 };
const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A world without a stack: every POST gets `answer`, and nothing is delivered. */
async function worldOf(
  answer: RequestListener,
  plan: FaultPlan = PLAN,
): Promise<DisturbedWorld & { kills: KillPlan[]; happened: Mock<DisturbedWorld["happened"]> }> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const endpoints = {
    apiUrl: `http://127.0.0.1:${port}`,
    consoleUrl: "",
    receiverUrl: "",
    awsEndpointUrl: "",
  };
  const kills: KillPlan[] = [];
  return {
    plan,
    ledger: createLedger(new Map(plan.destinations.map(({ workspace }) => [workspace, SECRET])), []),
    happened: vi.fn<DisturbedWorld["happened"]>(),
    token: "token",
    stack: {
      endpoints: async () => ({ ...endpoints, pid: 0 }),
      disturb: () => undefined,
      kill: async (killing) => void kills.push(killing as KillPlan),
    },
    kills,
  };
}

/** Posts 20 events, the whole share of a workspace, in one POST. */
const SHARE = { ...PLAN, chance: { ...PLAN.chance, whole: () => 20 } };
let ids = 0;
const accept: RequestListener = (_request, response) => {
  const events = Array.from({ length: 20 }, () => ({ id: `e${ids++}` }));
  response.writeHead(202).end(JSON.stringify({ duplicate: false, events }));
};
const killAt = (progress: number): KillPlan => ({ progress, delayMs: 0, rewinds: false });

describe("a run always ends with a verdict", () => {
  it("that is sound when every event was accepted and acknowledged and every kill was done", async () => {
    const world = await worldOf(accept, { ...SHARE, killings: [killAt(0.1), killAt(0.9)] });
    const { ledger } = world;
    const taken = { ...ledger, acknowledged: () => ledger.wanted() };
    expect(await runDisturbed({ ...world, ledger: taken }, () => undefined, LIMITS)).toBeUndefined();
    expect(world.kills).toHaveLength(2);
    expect(world.happened.mock.calls.flat()).toMatchObject([
      { group: "kills", kind: "at work" },
      { group: "kills", kind: "at work" },
    ]);
    expect(ledger.accepted()).toBe(40);
  });

  it("even when no POST is ever answered 202, where nothing counts as lost", async () => {
    const world = await worldOf((_request, response) => response.writeHead(500).end());
    expect(await runDisturbed(world, () => undefined, LIMITS)).toContain("no progress for 0.3 s");
    const verdict = judgeLedger(world.ledger, PLAN.events);
    expect(verdict).toMatchObject({ unaccepted: 40, lost: 0, wrong: 0 });
    expect(isSound(verdict)).toBe(false);
  });

  it("even when no POST is answered at all", async () => {
    const world = await worldOf(() => undefined);
    expect(await runDisturbed(world, () => undefined, LIMITS)).toContain("no progress");
  });

  it("even when the lanes stop before the next kill is due", async () => {
    const world = await worldOf(accept, { ...SHARE, killings: [killAt(0.2), killAt(0.9)] });
    expect(await runDisturbed(world, () => undefined, LIMITS)).toContain("no progress");
    expect(world.kills).toHaveLength(1);
    const verdict = judgeLedger(world.ledger, PLAN.events);
    expect(verdict).toMatchObject({ unaccepted: 0, lost: world.ledger.wanted() });
  });

  it("even when the stack fails to start after a kill, or never reports", async () => {
    for (const endpoints of [
      () => Promise.reject(new Error("the stack was not ready")),
      () => new Promise<never>(() => undefined),
    ]) {
      const world = await worldOf(accept, { ...SHARE, killings: [killAt(0)] });
      const stack = { ...world.stack, endpoints };
      expect(await runDisturbed({ ...world, stack }, () => undefined, LIMITS)).toMatch(
        /the stack was not ready|no progress/,
      );
    }
  });

  it("even when a repeated POST is answered with other ids, which counts as wrong", async () => {
    const world = await worldOf(accept, { ...SHARE, chance: { ...SHARE.chance, at: () => 0 } });
    await runDisturbed(world, () => undefined, LIMITS);
    const verdict = judgeLedger(world.ledger, PLAN.events);
    expect(verdict).toMatchObject({ unaccepted: 0, wrong: 2 });
    expect(verdict.details.join("\n")).toContain("the same request was answered other ids");
  });
});
