import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ApiClient, createApiClient } from "../../cli/api-client.ts";
import { createdDestinationSchema } from "../../lambdas/core/api/destination-api.ts";
import { synthesise } from "../../local/synthesise.ts";
import { issueToken } from "../../local/token.ts";
import { type ControlledStack, controlStack } from "../stack/controlled-stack.ts";
import { type DisturbedWorld, runDisturbed } from "./disturbed-run.ts";
import { countFaults, createFaultLog, type FaultCounts } from "./fault-log.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { type FaultOptions, type FaultPlan, planFaults } from "./plan.ts";
import { type Arrival, type Receivers, startReceivers } from "./receivers.ts";
import { type FaultVerdict, isSound, judgeLedger } from "./verdict.ts";

const SCOPES = "events:write destinations:read destinations:write entitlements:write";
const CLI = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
/** Time limit for verifying all journals of the run. */
const VERIFY_MS = 600_000;
/** A hanging receiver occupies a thread for 10 s. */
const THREADS = 24;

export interface FaultRun extends FaultVerdict {
  seconds: number;
  /** True when no promise was broken and `trailcast verify --journal` found every journal intact. */
  isSound: boolean;
  /** Number of occurrences of each fault. */
  faults: FaultCounts;
  /**
   * Kept only after a failure: the stack's data, the log of its functions, `ledger.json`, and the faults in
   * `faults.ndjson`.
   */
  dir: string | undefined;
}

interface World extends DisturbedWorld {
  receivers: Receivers;
}

/** Runs the whole plan of a seed. Calls `print` with progress lines. Rejects when the stack cannot be prepared. */
export async function runFaults(
  options: FaultOptions,
  print: (line: string) => void,
  start = controlStack,
): Promise<FaultRun> {
  const begun = performance.now();
  const plan = planFaults(options);
  const { cdkOut, stack: name } = await synthesise();
  const dir = await mkdtemp(join(tmpdir(), "trailcast-faults-"));
  const { timeScale, seed } = plan;
  const stack = start({ cdkOut, stack: name, dir, timeScale, seed, maxWorkers: THREADS });
  let world: World | undefined;
  let sound = false;
  try {
    world = await prepare(plan, dir, stack);
    const early = await runDisturbed(world, print);
    const verdict = judgeLedger(world.ledger, plan.events);
    const complaints = [early, await complaintOfJournals(dir)].filter((one) => one !== undefined);
    verdict.details.unshift(...complaints);
    sound = isSound(verdict) && complaints.length === 0;
    const seconds = (performance.now() - begun) / 1000;
    return { ...verdict, seconds, isSound: sound, faults: countFaults(dir), dir: sound ? undefined : dir };
  } catch (error) {
    print(`Kept for inspection: ${dir}`);
    throw error;
  } finally {
    await stack.stop();
    await world?.receivers.stop();
    if (sound) await rm(dir, { recursive: true, force: true });
    else if (world !== undefined) await writeFile(join(dir, "ledger.json"), describeLedger(world.ledger));
  }
}

/** Creates the workspaces and destinations before the faults begin. */
async function prepare(plan: FaultPlan, dir: string, stack: ControlledStack): Promise<World> {
  const happened = createFaultLog(dir);
  let ledger: Ledger | undefined;
  const strays: string[] = [];
  // A workspace's own events arrive as soon as it has a destination. They are collected until the secret is known.
  const early: Arrival[] = [];
  const receivers = await startReceivers(dir, plan.destinations, {
    arrived: (arrival) => (ledger === undefined ? void early.push(arrival) : ledger.arrived(arrival)),
    strayed: (path) => strays.push(path),
    met: (workspace, number, kind) =>
      happened({ group: "receivers", kind, where: `${workspace} #${number}` }),
  });
  try {
    const token = await issueToken(dir, { workspaces: "*", scope: SCOPES });
    const api = createApiClient((await stack.endpoints()).apiUrl, token);
    ledger = createLedger(await addDestinations(plan, api, receivers), strays);
    for (const arrival of early) ledger.arrived(arrival);
    return { plan, stack, receivers, ledger, happened, token };
  } catch (error) {
    await receivers.stop();
    throw error;
  }
}

/** Returns the secret of each workspace's destination. */
async function addDestinations(
  plan: FaultPlan,
  api: ApiClient,
  receivers: Receivers,
): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
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
  return secrets;
}

/** The output of `trailcast verify --journal` when it found a damaged journal. */
async function complaintOfJournals(dir: string): Promise<string | undefined> {
  try {
    await promisify(execFile)(process.execPath, [CLI, "verify", "--journal", "--data", dir], {
      timeout: VERIFY_MS,
    });
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
