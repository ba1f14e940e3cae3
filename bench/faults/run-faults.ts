import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ApiClient, createApiClient } from "../../cli/api-client.ts";
import { createdDestinationSchema } from "../../lambdas/core/api/destination-api.ts";
import { synthesise } from "../../local/synthesise.ts";
import { issueToken } from "../../packages/local-stack/src/token.ts";
import { type ControlledStack, controlStack } from "../stack/controlled-stack.ts";
import { type DisturbedWorld, runDisturbed } from "./disturbed-run.ts";
import { countFaults, createFaultLog, type FaultCounts } from "./fault-log.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { type FaultOptions, type FaultPlan, planFaults } from "./plan.ts";
import { type Arrival, type Receivers, startReceivers } from "./receivers.ts";
import { type FaultVerdict, isSound, judgeLedger } from "./verdict.ts";

const SCOPES = "events:write destinations:read destinations:write entitlements:write";
const CLI = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
/** For reading every journal of the run. */
const VERIFY_MS = 600_000;
/** A receiver that hangs keeps a thread for 10 s. */
const THREADS = 24;

export interface FaultRun extends FaultVerdict {
  seconds: number;
  /** Every promise was kept, and `trailcast verify --journal` found every journal whole. */
  isSound: boolean;
  /** How often each fault happened. */
  faults: FaultCounts;
  /** When something is wrong: the stack's data, its functions' log, `ledger.json`, and the faults in `faults.ndjson`. */
  dir: string | undefined;
}

interface World extends DisturbedWorld {
  receivers: Receivers;
}

/** Runs the whole plan of a seed. `print` gets a line now and then. Rejects when the stack cannot be prepared. */
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
    print(`Kept for a look: ${dir}`);
    throw error;
  } finally {
    await stack.stop();
    await world?.receivers.stop();
    if (sound) await rm(dir, { recursive: true, force: true });
    else if (world !== undefined) await writeFile(join(dir, "ledger.json"), describeLedger(world.ledger));
  }
}

/** Workspaces and destinations, made before the faults begin. */
async function prepare(plan: FaultPlan, dir: string, stack: ControlledStack): Promise<World> {
  const happened = createFaultLog(dir);
  let ledger: Ledger | undefined;
  const strays: string[] = [];
  // A workspace's own events arrive as soon as it has a destination, before anyone here knows the secret.
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

/** Answers the secret of each workspace's destination. */
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

/** What `trailcast verify --journal` has to say when not every journal is whole. */
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
