import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { createPlanPurgeHandler } from "../../lambdas/plan-purge.ts";
import { lambdaContext } from "../helpers/http-events.ts";
import { createRecordedLog } from "../helpers/in-memory-stores.ts";

const PAGES = [["ws_1", "ws_2"], [], ["ws_3"]];

function plan(add: (workspaces: readonly string[]) => Promise<void>) {
  const log = createRecordedLog();
  const workspaces = {
    async *all() {
      yield* PAGES;
    },
  };
  return { log, planned: createPlanPurgeHandler({ workspaces, tasks: { add }, log })({}, lambdaContext) };
}

it("queues a task for every workspace on every page, and logs how many", async () => {
  const asked: string[] = [];
  const { log, planned } = plan(async (ids) => void asked.push(...ids));
  await planned;
  expect(asked).toEqual(["ws_1", "ws_2", "ws_3"]);
  expect(log.lines).toEqual([{ level: "info", message: "purge.planned", fields: { count: 3 } }]);
});

it("waits until its tasks are queued", async () => {
  const queue = Promise.withResolvers<void>();
  let hasEnded = false;
  const { planned } = plan(() => queue.promise);
  const end = planned.finally(() => (hasEnded = true));
  await setImmediate();
  expect(hasEnded).toBe(false);
  queue.resolve();
  await end;
});

it("fails if tasks are refused, so that its invocation is repeated", async () => {
  const { log, planned } = plan(() => Promise.reject(new Error("throttled")));
  await expect(planned).rejects.toThrow("throttled");
  expect(log.lines).toEqual([]);
});
