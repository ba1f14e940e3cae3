import { addWorkspace, type BenchStack } from "./stack/bench-stack.ts";
import { benchEvent } from "./bench-events.ts";
import { type Figure, figure, median } from "./measure.ts";

const POSTS = 1000;
const POSTS_AT_ONCE = 8;
const WARM_UP = 50;

/** Measures concurrent POSTs of single events, each answered 202. */
export async function benchSingles(stack: BenchStack): Promise<Figure[]> {
  await addWorkspace(stack, "ws_singles");
  const times: number[] = [];
  let next = 0;
  const post = async (): Promise<void> => {
    const begun = performance.now();
    await stack.api.call("POST", "/v1/workspaces/ws_singles/events", {
      events: [benchEvent("ws_singles", next++)],
    });
    times.push(performance.now() - begun);
  };
  for (let index = 0; index < WARM_UP; index++) await post();
  times.length = 0;
  const begun = performance.now();
  const emitter = async (): Promise<void> => {
    for (let index = 0; index < POSTS / POSTS_AT_ONCE; index++) await post();
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, emitter));
  const elapsed = (performance.now() - begun) / 1000;
  return [
    figure("singles", "POSTs of one event", times.length / elapsed, "POST/s", { atLeast: 150 }),
    figure("singles", "median answer", median(times), "ms", { atMost: 100 }),
  ];
}
