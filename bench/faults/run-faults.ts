import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createApiClient } from "../../cli/api-client.ts";
import { createdDestinationSchema } from "../../lambdas/core/api/destination-api.ts";
import { synthesise } from "../../local/synthesise.ts";
import { issueToken } from "../../local/token.ts";
import { pause } from "../bench-stack.ts";
import { type ControlledStack, controlStack } from "./controlled-stack.ts";
import { emitAll } from "./emitters.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { type FaultOptions, type FaultPlan, planFaults } from "./plan.ts";
import { type Arrival, type Receivers, startReceivers } from "./receivers.ts";
import { type FaultVerdict, isSound, judgeLedger } from "./verdict.ts";

const SCOPES = "events:write destinations:read destinations:write entitlements:write";
const CLI = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
/** Without any progress for so long the run ends, and what has not arrived is lost. */
const STALL_MS = 120_000;
/** What comes twice may come after everything has come once. */
const AFTERMATH_MS = 1500;
const LOOK_MS = 20;
/** A receiver that hangs keeps a thread for 10 s. */
const THREADS = 24;

export interface FaultRun extends FaultVerdict {
  seconds: number;
  /** Every promise was kept, and `trailcast verify --journal` found every journal whole. */
  isSound: boolean;
  /** When something is wrong: the stack's data, its functions' log, and `ledger.json`. */
  dir: string | undefined;
}

interface World {
  plan: FaultPlan;
  dir: string;
  stack: ControlledStack;
  receivers: Receivers;
  ledger: Ledger;
  token: string;
}

/** Runs the whole plan of a seed. `print` gets a line now and then. */
export async function runFaults(options: FaultOptions, print: (line: string) => void): Promise<FaultRun> {
  const begun = performance.now();
  const plan = planFaults(options);
  const dir = await mkdtemp(join(tmpdir(), "trailcast-faults-"));
  const synthesis = await synthesise();
  const { timeScale, seed } = plan;
  const { cdkOut, stack: name } = synthesis;
  const stack = controlStack({ cdkOut, stack: name, dir, timeScale, seed, maxWorkers: THREADS });
  let world: World | undefined;
  let sound = false;
  try {
    world = await prepare(plan, dir, stack);
    await runDisturbed(world, print);
    const verdict = judgeLedger(world.ledger);
    const complaint = await complaintOfJournals(dir);
    if (complaint !== undefined) verdict.details.push(complaint);
    sound = isSound(verdict) && complaint === undefined;
    const seconds = (performance.now() - begun) / 1000;
    return { ...verdict, seconds, isSound: sound, dir: sound ? undefined : dir };
  } finally {
    await stack.stop();
    await world?.receivers.stop();
    if (sound) await rm(dir, { recursive: true, force: true });
    else if (world !== undefined) await writeFile(join(dir, "ledger.json"), describeLedger(world.ledger));
  }
}

/** Workspaces and destinations, made before the faults begin. */
async function prepare(plan: FaultPlan, dir: string, stack: ControlledStack): Promise<World> {
  const secrets = new Map<string, string>();
  let ledger: Ledger | undefined;
  const strays: string[] = [];
  // A workspace's own events arrive as soon as it has a destination, before anyone here knows the secret.
  const early: Arrival[] = [];
  const receivers = await startReceivers(dir, plan.destinations, {
    arrived: (arrival) => (ledger === undefined ? void early.push(arrival) : ledger.arrived(arrival)),
    strayed: (path) => strays.push(path),
  });
  const { apiUrl } = await stack.endpoints();
  const token = await issueToken(dir, { workspaces: "*", scope: SCOPES });
  const api = createApiClient(apiUrl, token);
  for (const [index, { workspace, format, isFiltered }] of plan.destinations.entries()) {
    await api.call("PUT", `/v1/workspaces/${workspace}/entitlement`, { plan: "enterprise" });
    const { body } = await api.call("POST", `/v1/workspaces/${workspace}/destinations`, {
      name: "Faulty",
      url: receivers.url(index),
      format,
      ...(isFiltered && { eventTypes: ["pro.atmos.bench.*"] }),
    });
    secrets.set(workspace, createdDestinationSchema.parse(body).secret);
  }
  ledger = createLedger(secrets, strays);
  for (const arrival of early) ledger.arrived(arrival);
  return { plan, dir, stack, receivers, ledger, token };
}

/** Emitters post, receivers fail, the stack is killed; until everything has arrived, or nothing moves any more. */
async function runDisturbed(world: World, print: (line: string) => void): Promise<void> {
  const { plan, stack, ledger, token } = world;
  const ending = new AbortController();
  stack.disturb();
  const emitting = emitAll({
    plan,
    ledger,
    token,
    apiUrl: async () => (await stack.endpoints()).apiUrl,
    signal: ending.signal,
  });
  const state = { emitted: false };
  const emitted = emitting.then(() => (state.emitted = true));
  const progress = (): number => (ledger.accepted() + ledger.acknowledged()) / (2 * plan.events);
  const isDone = (): boolean => state.emitted && ledger.acknowledged() >= ledger.wanted();
  const killing = killAll(plan, stack, { progress, isDone, print });
  try {
    await Promise.all([killing, untilDone(isDone, progress, print)]);
    await pause(AFTERMATH_MS);
  } finally {
    ending.abort();
    await emitted;
  }
}

async function killAll(
  plan: FaultPlan,
  stack: ControlledStack,
  run: { progress(): number; isDone(): boolean; print(line: string): void },
): Promise<void> {
  let kills = 0;
  for (const killing of plan.killings) {
    // Work that is done leaves nothing to wait for; the rest of the kills then hit what is at rest.
    while (run.progress() < killing.progress && !run.isDone()) await pause(LOOK_MS);
    await pause(killing.delayMs);
    await stack.kill(killing);
    kills += killing.againAfterMs === undefined ? 1 : 2;
    run.print(`kill -9 no. ${kills} at ${percent(run.progress())}`);
    await stack.endpoints();
  }
}

async function untilDone(
  isDone: () => boolean,
  progress: () => number,
  print: (line: string) => void,
): Promise<void> {
  let furthest = -1;
  let movedAt = performance.now();
  let shown = 0;
  while (!isDone()) {
    const now = progress();
    if (now > furthest) movedAt = performance.now();
    furthest = now;
    if (performance.now() - movedAt > STALL_MS) return print("nothing moves any more");
    if (Math.floor(now * 10) > shown) print(`${percent(now)} of the work done`);
    shown = Math.floor(now * 10);
    await pause(LOOK_MS);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** What `trailcast verify --journal` has to say when not every journal is whole. */
async function complaintOfJournals(dir: string): Promise<string | undefined> {
  try {
    await promisify(execFile)(process.execPath, [CLI, "verify", "--journal", "--data", dir]);
    return undefined;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return `verify --journal: ${stdout}${stderr}`;
  }
}

function describeLedger({ workspaces }: Ledger): string {
  const all = [...workspaces.values()].map((one) => ({
    ...one,
    acknowledged: Object.fromEntries(one.acknowledged),
  }));
  return JSON.stringify(all, undefined, 1);
}
