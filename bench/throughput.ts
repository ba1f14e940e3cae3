import { addWorkspace, type BenchStack, until } from "./stack/bench-stack.ts";
import { benchEvents } from "./bench-events.ts";
import { type Figure, figure, median } from "./measure.ts";

const WORKSPACES = 20;
const EVENTS_A_POST = 100;
const POSTS_A_WORKSPACE = 5;
const POSTS_AT_ONCE = 8;
const ROUND_EVENTS = WORKSPACES * EVENTS_A_POST * POSTS_A_WORKSPACE;
const TIMEOUT_MS = 120_000;
/** Rounds of 10,000 events. The first are slower while Node compiles hot code; the last three count. */
const ROUNDS = 6;
const COUNTED_ROUNDS = 3;

/**
 * Posts 10,000 events of about 1 kB, 100 per POST, for 20 workspaces with one destination each. Throws unless every
 * event arrives exactly once, in the order of posting, in batches that `standardwebhooks` and `cloudevents` accept. One
 * POST per workspace precedes the rounds. Every round is printed: the first shows a stack that has just started.
 */
export async function benchThroughput(stack: BenchStack): Promise<Figure[]> {
  const workspaces = Array.from({ length: WORKSPACES }, (_, index) => `ws_bench_${index}`);
  for (const workspace of workspaces) await addWorkspace(stack, workspace);
  const already = stack.receiver.received.length;
  const posted = new Map<string, string[]>(workspaces.map((workspace) => [workspace, []]));
  const warmUp = WORKSPACES * EVENTS_A_POST;
  await postAll(stack, prepareBodies(workspaces, 0, 1), posted);
  await until("warm-up", TIMEOUT_MS, () => countArrived(stack, already) >= warmUp);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bodies = prepareBodies(workspaces, 1 + round * POSTS_A_WORKSPACE, POSTS_A_WORKSPACE);
    const before = warmUp + round * ROUND_EVENTS;
    rounds.push(
      await measureRound(stack, bodies, posted, () => countArrived(stack, already) >= before + ROUND_EVENTS),
    );
  }
  for (const [workspace, ids] of posted) requireExactly(stack, workspace, ids);
  const counted = rounds.slice(-COUNTED_ROUNDS);
  return [
    figure(
      "throughput",
      "from first POST to last delivery",
      median(counted.map(({ delivered }) => delivered)),
      "events/s",
      {
        atLeast: 5000,
      },
    ),
    figure("throughput", "accepted", median(counted.map(({ accepted }) => accepted)), "events/s", {
      atLeast: 5000,
    }),
  ];
}

/** Events per second from the first POST to the last response, and to the last delivery. */
interface Round {
  accepted: number;
  delivered: number;
}

async function measureRound(
  stack: BenchStack,
  bodies: Body[][],
  posted: Map<string, string[]>,
  haveArrived: () => boolean,
): Promise<Round> {
  const begun = performance.now();
  await postAll(stack, bodies, posted);
  const accepted = ROUND_EVENTS / seconds(begun, performance.now());
  await until("throughput", TIMEOUT_MS, haveArrived);
  const delivered = ROUND_EVENTS / seconds(begun, performance.now());
  console.error(`  ${delivered.toFixed(0)} events/s delivered, ${accepted.toFixed(0)} accepted`);
  return { accepted, delivered };
}

interface Body {
  workspace: string;
  events: object[];
}

/** One queue per workspace, so that its posts stay in order. */
function prepareBodies(workspaces: readonly string[], firstPost: number, posts: number): Body[][] {
  return workspaces.map((workspace) =>
    Array.from({ length: posts }, (_, post) => ({
      workspace,
      events: benchEvents(workspace, (firstPost + post) * EVENTS_A_POST, EVENTS_A_POST),
    })),
  );
}

async function postAll(stack: BenchStack, queues: Body[][], posted: Map<string, string[]>): Promise<void> {
  const emitter = async (): Promise<void> => {
    for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
      for (const { workspace, events } of queue) {
        const { body } = await stack.api.call("POST", `/v1/workspaces/${workspace}/events`, { events });
        posted.get(workspace)?.push(...(body as { events: { id: string }[] }).events.map(({ id }) => id));
      }
    }
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, emitter));
}

let counted = { upTo: 0, events: 0 };

/** Counts events in the requests since `from`, looking at each request once. */
function countArrived({ receiver }: BenchStack, from: number): number {
  if (counted.upTo < from) counted = { upTo: from, events: 0 };
  for (; counted.upTo < receiver.received.length; counted.upTo++) {
    const body = receiver.received[counted.upTo]?.body ?? "";
    counted.events += body.split('"specversion"').length - 1;
  }
  return counted.events;
}

function requireExactly({ receiver }: BenchStack, workspace: string, ids: readonly string[]): void {
  const arrived = receiver.received
    .filter(({ path }) => path === `/${workspace}`)
    .flatMap((request) => {
      const verdict = receiver.judge(request);
      if (verdict.kind !== "verified") throw new Error(`${workspace}: ${JSON.stringify(verdict)}`);
      return verdict.events.map(({ id }) => id);
    });
  const wrong = arrived.findIndex((id, index) => id !== ids[index]);
  if (wrong >= 0 || arrived.length !== ids.length) {
    throw new Error(
      `${workspace}: ${arrived.length} of ${ids.length} arrived, the first wrong one at ${wrong}`,
    );
  }
}

function seconds(from: number, to: number): number {
  return (to - from) / 1000;
}
