import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiClient, createApiClient } from "../cli/api-client.ts";
import { createdDestinationSchema } from "../lambdas/core/api/destination-api.ts";
import { readClock } from "@trailcast/local-stack/access";
import { synthesise } from "../local/synthesise.ts";
import { issueToken } from "../local/token.ts";
import { benchEvent, benchEvents } from "./bench-events.ts";
import { pause, until } from "./stack/bench-stack.ts";
import { type ControlledStack, controlStack } from "./stack/controlled-stack.ts";
import { type Figure, figure, median, quantile } from "./measure.ts";
import { startSwitchedReceiver, type SwitchedReceiver } from "./switched-receiver.ts";

const BACKLOG = 100_000;
/** Posted and delivered at full speed to measure the live rate. */
const LIVE = 20_000;
const EVENTS_A_POST = 100;
const LIVE_POSTS_AT_ONCE = 4;
/** The day of the outage passes at this scale. */
const DAY_SCALE = 2000;
const DAY_MS = 86_400_000;
const NEIGHBOURS = 10;
const NEIGHBOUR_INTERVAL_MS = 250;
/** Posts of neighbours before the catch-up, for their usual latency. */
const USUAL_POSTS = 80;
/**
 * How much longer, at the median, events of other workspaces may take during the catch-up. Not a p95: the catch-up
 * takes seconds, so its p95 would rest on a few dozen posts.
 */
const MEDIAN_ROOM_MS = 50;
const P95_ROOM_MS = 100;
const TIMEOUT_MS = 600_000;
const SCOPES = "events:write destinations:read destinations:write entitlements:write";

interface World {
  dir: string;
  receiver: SwitchedReceiver;
  api: ApiClient;
  /** The destination of the workspace whose receiver is down. */
  destination: string;
}

/**
 * Measures how fast 100,000 undelivered events arrive once a receiver is back after a day, and what that costs the
 * other workspaces.
 */
export async function benchCatchUp(backlog = BACKLOG, live = LIVE): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), "trailcast-catch-up-"));
  const receiver = await startSwitchedReceiver(dir);
  let stack = await start(dir, 1);
  try {
    const world = await prepare(dir, stack, receiver);
    const begun = Date.now();
    await postEvents(world.api, 0, live, LIVE_POSTS_AT_ONCE);
    await until("live", TIMEOUT_MS, () => receiver.count("/late") >= live);
    const liveRate = (live / (Date.now() - begun)) * 1000;
    receiver.setDown("/late", true);
    // One after the other, so that the order of posting is known.
    await postEvents(world.api, live, backlog, 1);
    stack = await passADay(dir, stack);
    const api = await connect(dir, stack);
    const usual = await neighbourLatencies(world, api, async (posts) => posts >= USUAL_POSTS);
    receiver.setDown("/late", false);
    await retryNow(api, `/v1/workspaces/ws_late/destinations/${world.destination}/deliveries`);
    const deadline = performance.now() + TIMEOUT_MS;
    const during = await neighbourLatencies(world, api, async () => {
      if (performance.now() > deadline) throw new Error(`${receiver.count("/late")} arrived`);
      return receiver.count("/late") >= live + backlog;
    });
    return describe(receiver, { live, backlog, liveRate, usual, during });
  } finally {
    await stack.stop();
    await receiver.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function start(dir: string, timeScale: number): Promise<ControlledStack> {
  const { cdkOut, stack } = await synthesise();
  return controlStack({ cdkOut, stack, dir, timeScale, seed: 0 });
}

async function connect(dir: string, stack: ControlledStack): Promise<ApiClient> {
  const { apiUrl } = await stack.endpoints();
  return createApiClient(apiUrl, await issueToken(dir, { workspaces: "*", scope: SCOPES }));
}

async function prepare(dir: string, stack: ControlledStack, receiver: SwitchedReceiver): Promise<World> {
  const api = await connect(dir, stack);
  const add = async (workspace: string, path: string): Promise<string> => {
    await api.call("PUT", `/v1/workspaces/${workspace}/entitlement`, { plan: "enterprise" });
    const { body } = await api.call("POST", `/v1/workspaces/${workspace}/destinations`, {
      name: "Receiver",
      url: receiver.url + path,
      eventTypes: ["pro.atmos.bench.*"],
    });
    return createdDestinationSchema.parse(body).id;
  };
  const destination = await add("ws_late", "/late");
  for (let index = 0; index < NEIGHBOURS; index++) await add(`ws_neighbour_${index}`, `/neighbour/${index}`);
  return { dir, receiver, api, destination };
}

/** POSTs that are sent concurrently may overtake each other; the events of one POST stay together and in order. */
async function postEvents(api: ApiClient, from: number, count: number, postsAtOnce: number): Promise<void> {
  let next = from;
  const emitter = async (): Promise<void> => {
    while (next < from + count) {
      const first = next;
      next += EVENTS_A_POST;
      const events = benchEvents("ws_late", first, Math.min(EVENTS_A_POST, from + count - first));
      await api.call("POST", "/v1/workspaces/ws_late/events", { events });
    }
  };
  await Promise.all(Array.from({ length: postsAtOnce }, emitter));
}

/**
 * Runs the stack for one day of its own clock, with every delivery refused; then restarts it at the pace of real time.
 */
async function passADay(dir: string, stack: ControlledStack): Promise<ControlledStack> {
  await stack.stop();
  const fast = await start(dir, DAY_SCALE);
  await fast.endpoints();
  const tomorrow = readClock(dir) + DAY_MS;
  while (readClock(dir) < tomorrow) await pause(200);
  await fast.stop();
  return start(dir, 1);
}

/**
 * Requests an immediate retry, as an owner does who has repaired the receiver and does not want to wait for the next
 * attempt.
 */
async function retryNow(api: ApiClient, deliveries: string): Promise<void> {
  const { body } = await api.call("GET", `${deliveries}?outcome=retry&limit=1`);
  const [open] = (body as { items: { id: string }[] }).items;
  if (open === undefined) throw new Error("no delivery waits for its next attempt");
  await api.call("POST", `${deliveries}/${open.id}/retry`);
}

/** Posts single events for the neighbours until `isEnough`. Returns how many milliseconds each took to arrive. */
async function neighbourLatencies(
  { receiver }: World,
  api: ApiClient,
  isEnough: (posts: number) => Promise<boolean>,
): Promise<number[]> {
  const posted = new Map<string, number>();
  const posts: Promise<unknown>[] = [];
  const round = Date.now();
  for (let number = 0; !(await isEnough(number)); number++) {
    const workspace = `ws_neighbour_${number % NEIGHBOURS}`;
    const event = { ...benchEvent(workspace, number), target: { type: "item", id: `${round}-${number}` } };
    posted.set(`${round}-${number}`, Date.now());
    posts.push(api.call("POST", `/v1/workspaces/${workspace}/events`, { events: [event] }));
    await pause(NEIGHBOUR_INTERVAL_MS);
  }
  await Promise.all(posts);
  const latencies = (): number[] =>
    Array.from({ length: NEIGHBOURS }, (_, index) => receiver.taken(`/neighbour/${index}`)).flatMap((taken) =>
      taken.flatMap(({ at, subjects }) =>
        subjects.flatMap((subject) => {
          const postedAt = posted.get(subject);
          return postedAt === undefined ? [] : at - postedAt;
        }),
      ),
    );
  await until("neighbours", 60_000, () => latencies().length >= posted.size);
  return latencies();
}

function describe(
  receiver: SwitchedReceiver,
  run: { live: number; backlog: number; liveRate: number; usual: number[]; during: number[] },
): Figure[] {
  const { live, backlog, liveRate, usual, during } = run;
  let before = 0;
  const late = receiver.taken("/late").filter(({ subjects }) => {
    before += subjects.length;
    return before > live;
  });
  const [first, last] = [late[0], late.at(-1)];
  const seconds = ((last?.at ?? 0) - (first?.at ?? 0)) / 1000;
  requireOrder(
    receiver.taken("/late").flatMap(({ subjects }) => subjects),
    live,
  );
  const full = late.filter(({ subjects }) => subjects.length === EVENTS_A_POST).length;
  const [usualMedian, usualP95] = [median(usual), quantile(usual, 0.95)];
  return [
    figure("catch-up", `of ${backlog} events after a day's outage`, backlog / seconds, "events/s", {
      atLeast: Math.round(liveRate),
    }),
    figure("catch-up", `full batches, of ${late.length}`, full, "", { atLeast: late.length - 1 }),
    figure("catch-up", `others' median meanwhile (${usualMedian} ms before)`, median(during), "ms", {
      atMost: usualMedian + MEDIAN_ROOM_MS,
    }),
    figure("catch-up", `others' p95 meanwhile (${usualP95} ms before)`, quantile(during, 0.95), "ms", {
      atMost: usualP95 + P95_ROOM_MS,
    }),
  ];
}

/**
 * Throws unless each event arrived exactly once and in order. The first `live` events were posted concurrently, so only
 * the order within each POST is checked; the backlog was posted sequentially, so its whole order is.
 */
export function requireOrder(subjects: readonly string[], live: number): void {
  const numbers = subjects.map((subject) => Number(subject.split("-").at(-1)));
  const isNext = (number: number, index: number): boolean =>
    index >= live
      ? number === index
      : number < live && (number % EVENTS_A_POST === 0 || number === (numbers[index - 1] ?? -1) + 1);
  const wrong = numbers.findIndex((number, index) => !isNext(number, index));
  if (wrong >= 0) throw new Error(`event ${numbers[wrong]} is out of order at place ${wrong}`);
  if (new Set(numbers).size !== numbers.length) throw new Error("an event arrived twice");
}
