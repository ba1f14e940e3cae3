import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiClient, createApiClient } from "../cli/api-client.ts";
import { createdDestinationSchema } from "../lambdas/core/api/destination-api.ts";
import { type PracticeReceiver, startPracticeReceiver } from "../local/receiver/practice-receiver.ts";
import { synthesise } from "../local/synthesise.ts";
import { issueToken } from "../local/token.ts";
import { benchEvent } from "./bench-events.ts";
import { pause } from "./stack/bench-stack.ts";
import type { WakeUpCaps } from "./stack/cap-wake-ups.ts";
import { controlStack } from "./stack/controlled-stack.ts";
import { type Figure, figure, median, quantile } from "./measure.ts";
import { type QueueDepths, watchQueues } from "./stack/queue-depth.ts";

const WORKSPACES = 50;
/**
 * The first destinations: two dead ones (one refuses connections, one accepts them and never answers), one that drips
 * its response, and twenty that take 9 s for every response.
 */
const BAD = ["dead", "hang", "drip", ...Array.from({ length: 20 }, () => "slow" as const)] as const;
/** Ten minutes of the stack's clock. Receivers respond in real time, so slow ones look even slower to the stack. */
const TIME_SCALE = 10;
const RUN_MS = 600_000 / TIME_SCALE;
/** Time between two events of one workspace. */
const INTERVAL_MS = 2000;
const ROUNDS = 5;
/** As deployed: at most 100 quick and 25 slow deliveries at once. A thread starts only when an event waits for one. */
const THREADS = 125;
/** The first events of each workspace are not measured, because functions are still starting. */
const WARM_UP = 3;
/**
 * Fewer than the bad destinations, so that these fill the quick queue's share until they move to the slow queue: two
 * responses of 9 s for each of twenty lanes, twelve at once, take 30 s. After that, a lane that failed to move would
 * delay the others.
 */
const CAPS: WakeUpCaps = { quick: 12, slow: 3 };
const CAPPED_WARM_UP = 25;
const CAPPED_RUN_MS = 30_000;
const ARRIVAL_MS = 60_000;
/** A limit that does not grow with time: a few wake-ups for each of the slow lanes. */
const MOST_QUEUED = 500;
/**
 * Only three slow lanes are served at a time, so a lane waits up to two minutes for its turn. A wake-up arrives every
 * two seconds meanwhile; the turn then consumes them all.
 */
const MOST_QUEUED_CAPPED = (BAD.length * 120_000) / INTERVAL_MS;
/** No process listens on this port. */
const CLOSED_PORT = 1025;
const SCOPES = "events:write destinations:write entitlements:write";

interface RoundPlan {
  withBad: boolean;
  runMs: number;
  /** Number of intervals. */
  warmUp: number;
  caps?: WakeUpCaps;
}

interface Round {
  /** Milliseconds from POST to arrival at the good destinations. */
  latencies: number[];
  queues: QueueDepths;
}

/**
 * Measures the p99 latency of 27 destinations with and without 23 bad ones beside them (median of five runs each) and
 * the depth of the queues. Then runs once more beside the bad ones, with concurrency limits that they would exhaust if
 * they stayed in the quick queue.
 */
export async function benchFairness(
  rounds = ROUNDS,
  runMs = RUN_MS,
  cappedRunMs = CAPPED_RUN_MS,
): Promise<Figure[]> {
  const beside: Round[] = [];
  const without: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    without.push(await runRound({ withBad: false, runMs, warmUp: WARM_UP }));
    beside.push(await runRound({ withBad: true, runMs, warmUp: WARM_UP }));
    console.error(`  without: ${describe(without.at(-1))}; beside: ${describe(beside.at(-1))}`);
  }
  const capped = await runRound({ withBad: true, runMs: cappedRunMs, warmUp: CAPPED_WARM_UP, caps: CAPS });
  console.error(`  beside, capped: ${describe(capped)}`);
  for (const round of [...beside, capped]) requireQueued(round);
  if (capped.queues.mostSlow === 0) throw new Error("no lane moved to the slow queue");
  const alone = median(without.map(p99));
  const atMost = Math.round(Math.max(alone * 1.1, alone + 50));
  const most = Math.max(...beside.map(({ queues }) => queues.most));
  const bad = `${BAD.length} bad destinations`;
  const caps = `caps of ${CAPS.quick} and ${CAPS.slow}`;
  return [
    figure("fairness", `p99 beside ${bad} (${alone} ms without)`, median(beside.map(p99)), "ms", { atMost }),
    figure("fairness", `p99 beside ${bad}, ${caps}`, p99(capped), "ms", { atMost }),
    figure("fairness", "most messages in the wake-up queues", most, "", { atMost: MOST_QUEUED }),
    figure("fairness", `most messages in the wake-up queues, ${caps}`, capped.queues.most, "", {
      atMost: MOST_QUEUED_CAPPED,
    }),
  ];
}

function p99({ latencies }: Round): number {
  return quantile(latencies, 0.99);
}

/** Without samples, any limit on the queue depth would pass. */
function requireQueued({ queues }: Round): void {
  if (queues.samples === 0 || queues.most === 0)
    throw new Error(`${queues.most} messages in ${queues.samples} samples of the wake-up queues`);
}

function describe(round: Round | undefined): string {
  if (round === undefined) return "nothing";
  const { latencies, queues } = round;
  const queued = `${queues.most} queued, ${queues.mostSlow} of them slow, in ${queues.samples} samples`;
  return `p50 ${median(latencies)} ms, p99 ${p99(round)} ms, ${queued}`;
}

async function runRound({ withBad, runMs, warmUp, caps }: RoundPlan): Promise<Round> {
  const { cdkOut, stack: name } = await synthesise();
  const dir = await mkdtemp(join(tmpdir(), "trailcast-fairness-"));
  const receiver = await startPracticeReceiver({ dir });
  const stack = controlStack({
    cdkOut,
    stack: name,
    dir,
    timeScale: TIME_SCALE,
    seed: 0,
    maxWorkers: THREADS,
    ...(caps !== undefined && { wakeUpCaps: caps }),
  });
  try {
    const { apiUrl, awsEndpointUrl } = await stack.endpoints();
    const api = createApiClient(apiUrl, await issueToken(dir, { workspaces: "*", scope: SCOPES }));
    for (let index = 0; index < WORKSPACES; index++) await addWorkspace(api, receiver, index, withBad);
    const queues = watchQueues(awsEndpointUrl);
    const posted = await postSteadily(api, runMs, warmUp);
    const latencies = await latenciesOf(receiver, posted);
    return { latencies, queues: await queues.stop() };
  } finally {
    await stack.stop();
    await receiver.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function addWorkspace(
  api: ApiClient,
  receiver: PracticeReceiver,
  index: number,
  withBad: boolean,
): Promise<void> {
  const workspace = `ws_fair_${index}`;
  await api.call("PUT", `/v1/workspaces/${workspace}/entitlement`, { plan: "enterprise" });
  const kind = BAD[index];
  if (kind !== undefined && !withBad) return;
  const { body } = await api.call("POST", `/v1/workspaces/${workspace}/destinations`, {
    name: kind ?? "good",
    url: urlOf(receiver, kind, index),
    eventTypes: ["pro.atmos.bench.*"],
  });
  createdDestinationSchema.parse(body);
}

function urlOf(receiver: PracticeReceiver, kind: (typeof BAD)[number] | undefined, index: number): string {
  if (kind === "dead") return `https://127.0.0.1:${CLOSED_PORT}/`;
  if (kind === "drip" || kind === "hang") return `${receiver.url}/${kind}`;
  return kind === "slow" ? `${receiver.url}/slow?ms=9000&n=${index}` : `${receiver.url}/good/${index}`;
}

/**
 * Every workspace posts one event per interval, whether or not earlier ones have arrived. Returns the time of each POST
 * by `subject`.
 */
async function postSteadily(api: ApiClient, runMs: number, warmUp: number): Promise<Map<string, number>> {
  const posted = new Map<string, number>();
  const posts: Promise<unknown>[] = [];
  const begun = Date.now();
  const total = (warmUp + runMs / INTERVAL_MS) * WORKSPACES;
  for (let number = 0; number < total; number++) {
    await pause(Math.max(0, begun + (number * INTERVAL_MS) / WORKSPACES - Date.now()));
    const workspace = `ws_fair_${number % WORKSPACES}`;
    const index = Math.floor(number / WORKSPACES);
    if (number % WORKSPACES >= BAD.length && index >= warmUp) posted.set(`${workspace}-${index}`, Date.now());
    posts.push(
      api.call("POST", `/v1/workspaces/${workspace}/events`, { events: [benchEvent(workspace, index)] }),
    );
  }
  await Promise.all(posts);
  return posted;
}

async function latenciesOf(
  receiver: PracticeReceiver,
  posted: ReadonlyMap<string, number>,
): Promise<number[]> {
  const deadline = performance.now() + ARRIVAL_MS;
  for (;;) {
    const latencies = arrivals(receiver).flatMap(({ subject, at }) => {
      const postedAt = posted.get(subject);
      return postedAt === undefined ? [] : at - postedAt;
    });
    if (latencies.length >= posted.size) return latencies;
    if (performance.now() > deadline) throw new Error(`${latencies.length} of ${posted.size} arrived`);
    await pause(200);
  }
}

function arrivals({ received }: PracticeReceiver): { subject: string; at: number }[] {
  return received
    .filter(({ path }) => path.startsWith("/good/"))
    .flatMap(({ body, at }) =>
      (JSON.parse(body) as { subject: string }[]).map(({ subject }) => ({ subject, at })),
    );
}
