import { addWorkspace, type BenchStack, pause, until } from "./stack/bench-stack.ts";
import { benchEvent } from "./bench-events.ts";
import { type Figure, figure, median } from "./measure.ts";

const EVENTS = 50;
const PATH = "/ws_idle";
const TIMEOUT_MS = 30_000;
/**
 * Pauses between an arrival and the next POST: long enough for the stack to become idle, and never in step with a
 * polling interval.
 */
const REST_MS = [130, 210, 330, 170, 290] as const;

/** Measures, on an idle stack, the time from the start of a POST until the receiver has the whole event. */
export async function benchIdle(stack: BenchStack): Promise<Figure[]> {
  await addWorkspace(stack, "ws_idle");
  const { receiver, api } = stack;
  const count = (): number => receiver.received.filter(({ path }) => path === PATH).length;
  const times: number[] = [];
  for (let index = 0; index < EVENTS; index++) {
    await pause(REST_MS[index % REST_MS.length] ?? 200);
    const before = count();
    const begun = Date.now();
    await api.call("POST", "/v1/workspaces/ws_idle/events", { events: [benchEvent("ws_idle", index)] });
    await until("idle", TIMEOUT_MS, () => count() > before);
    times.push((receiver.received.findLast(({ path }) => path === PATH)?.at ?? Number.NaN) - begun);
  }
  return [
    figure("idle", "one event, median of 50", median(times), "ms", { atMost: 1000 }),
    figure("idle", "one event, slowest", Math.max(...times), "ms", { atMost: 2000 }),
  ];
}
