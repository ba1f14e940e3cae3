import { beforeEach, expect, it } from "vitest";
import { linesOf } from "../../../../lambdas/core/entry/entry-body.ts";
import { buildOwnEntry } from "../../../../lambdas/core/entry/own-entry.ts";
import { type Recorder, recordEntry, recordOwnEvent } from "../../../../lambdas/core/entry/record-entry.ts";
import { expiryOf, NEVER_EXPIRES } from "../../../../lambdas/core/workspace/retention.ts";
import {
  createInMemoryEntries,
  type InMemoryEntries,
  workspaceRow,
} from "../../../helpers/in-memory-stores.ts";
import { PLANS, postedEvent } from "../../../helpers/sample-events.ts";

let entries: InMemoryEntries;
let recorder: Recorder;
let chance = 0;
const workspace = workspaceRow("ws_1");
const event = postedEvent({
  category: "webhook",
  action: "suspended",
  actor: { type: "system", id: "trailcast" },
});

beforeEach(() => {
  entries = createInMemoryEntries();
  recorder = {
    entries,
    clock: () => Date.parse("2026-11-23T12:00:00.000Z"),
    random: (bytes) => new Uint8Array(bytes).fill(++chance),
    settings: { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://x.test", plans: PLANS, shards: {} },
  };
});

it("records an event of Trailcast itself in the workspace's log", async () => {
  const { event: id } = await recordOwnEvent({ workspace, event }, recorder);
  const [stored] = entries.entries.values();
  expect(linesOf(stored!).map((line) => JSON.parse(line))).toMatchObject([
    { id, type: "pro.atmos.webhook.suspended" },
  ]);
});

it("records an event once per idempotency key, even if a repeat has other details", async () => {
  const first = await recordOwnEvent({ workspace, event, idempotencyKey: "whd_1 suspended" }, recorder);
  const again = await recordOwnEvent(
    { workspace, event: { ...event, description: "later" }, idempotencyKey: "whd_1 suspended" },
    recorder,
  );
  expect(again).toStrictEqual({ event: first.event, duplicate: true });
  await recordOwnEvent({ workspace, event, idempotencyKey: "whd_2 suspended" }, recorder);
  expect(entries.entries.size).toBe(2);
});

it("records an event of Trailcast although an emitter used the same idempotency key", async () => {
  await recordEntry(
    { workspace, events: [event], requestHash: "theirs", idempotencyKey: "whd_1 suspended" },
    recorder,
  );
  expect(
    await recordOwnEvent({ workspace, event, idempotencyKey: "whd_1 suspended" }, recorder),
  ).toMatchObject({
    duplicate: false,
  });
});

it("spreads the entries of a workspace with shards over all of its partition keys", async () => {
  const giant = { ...recorder, settings: { ...recorder.settings, shards: { ws_1: 4 } } };
  for (let post = 0; post < 40; post++) await recordOwnEvent({ workspace, event }, giant);
  const partitions = new Set([...entries.entries.values()].map(({ partition }) => partition));
  expect(partitions).toStrictEqual(new Set(["ws_1", "ws_1/1", "ws_1/2", "ws_1/3"]));
});

it.each([
  { hold: undefined, expiry: expiryOf("2026-11-23T12:00:00.000Z", 365) },
  { hold: "pending", expiry: NEVER_EXPIRES },
  { hold: "held", expiry: NEVER_EXPIRES },
] as const)(
  "an entry of an emitter or of Trailcast recorded with the legal hold $hold expires at $expiry",
  async (state) => {
    const row = state.hold === undefined ? workspace : workspaceRow("ws_1", { hold: state.hold });
    await recordEntry({ workspace: row, events: [event], requestHash: "theirs" }, recorder);
    const { clock, random, settings } = recorder;
    const own = buildOwnEntry({ workspace: row, event, trace: undefined }, clock(), random, settings);
    const expiries = [own, ...entries.entries.values()].map(({ expiresAt }) => expiresAt);
    expect(expiries).toEqual([state.expiry, state.expiry]);
  },
);
