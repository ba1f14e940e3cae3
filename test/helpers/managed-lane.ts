import { expect } from "vitest";
import { referenceOf } from "../../lambdas/core/entry/build-entry.ts";
import type { EntryReference } from "../../lambdas/core/entry/entry.ts";
import { buildOwnEntry } from "../../lambdas/core/entry/own-entry.ts";
import type { Page } from "../../lambdas/core/journal/page.ts";
import { rowOf } from "../../lambdas/core/lane/row.ts";
import type { LaneRow } from "../../lambdas/core/lane/row-schema.ts";
import { by, factsOf } from "./lane-rows.ts";
import { type Answer, type Management, NOW, startManagement } from "./management.ts";

export const WS = "/v1/workspaces/ws_1";
/** Id of the delivery that `freezeFirst` stores as the pending batch. */
export const WHD = "whd_01M83AAAAAW5M2T9C7R4X6V0BD";
export const NEXT_ATTEMPT_AT = new Date(NOW + 600_000).toISOString();
export const DISABLED = {
  status: 409,
  body: { type: "/problems/destination-disabled" },
};
export const REPORT = {
  last: {
    id: WHD,
    at: "2026-11-23T05:00:00.000Z",
    outcome: "retry",
    statusCode: 500,
    durationMs: 5,
    error: "HTTP 500",
  },
};

/**
 * Management of a workspace with forwarding and one destination, and the writes that deliver would make to its lanes.
 */
export interface ManagedLane extends Management {
  /** Of the destination. */
  id: string;
  path: string;
  /** Calls a route below the destination. */
  post(route: string, body?: unknown): Promise<Answer>;
  lane(name?: string): Promise<LaneRow>;
  store(row: LaneRow): Promise<void>;
  /** Types of Trailcast's own events, without their prefix. */
  types(): Promise<string[]>;
  /** Stores pages starting with the first, and sets the clock to the time of the last. */
  putPages(count: number): Promise<void>;
  /** Stores an entry of one event, and returns it as a page refers to it. */
  recordOne(action: string, at?: number): Promise<EntryReference>;
  /** Leaves the live lane as deliver does after its first delivery was refused, and writes the delivery log. */
  refuseFirst(state: "waiting" | "suspended"): Promise<void>;
  /** Starts a replay from the second page on, and returns its id. */
  startReplay(): Promise<string>;
}

export async function startManagedLane(): Promise<ManagedLane> {
  const manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
  const { body } = await manage.ask("POST", `${WS}/destinations`, {
    body: { name: "a", url: "https://siem.example.com/in" },
  });
  const id: string = body.id;
  const path = `${WS}/destinations/${id}`;
  manage.wakeUps.woken.length = 0;
  const post: ManagedLane["post"] = (route, asked) =>
    manage.ask("POST", `${path}/${route}`, asked === undefined ? {} : { body: asked });
  const lane: ManagedLane["lane"] = async (name = "live") => {
    const row = await manage.dependencies.registry.readLane("ws_1", id, name);
    if (row === undefined) throw new Error(`no lane ${name}`);
    return withoutAbsent(rowOf(row));
  };
  const store: ManagedLane["store"] = async (row) => {
    const { kind } = await manage.dependencies.registry.commit([{ kind: "replace", row }]);
    expect(kind).toBe("committed");
  };
  return {
    ...manage,
    id,
    path,
    post,
    lane,
    store,
    types: async () => (await manage.recorded("ws_1")).map(({ type }) => type.replace("pro.atmos.", "")),
    async putPages(count) {
      for (let number = 1; number <= count; number++) await manage.putPage(page(number));
      manage.clock.now = NOW + count * 3_600_000;
    },
    recordOne: (action, at = NOW) => recordOne(manage, action, at),
    async refuseFirst(state) {
      await store(await refuseFirst(manage, freezeFirst(await lane()), state));
    },
    async startReplay() {
      const replay = await post("replays", { from: page(2).at, to: page(5).at });
      return replay.body.id;
    },
  };
}

/** Page `number`, one hour after the previous one, with two events. */
export function page(number: number, changes: Partial<Page> = {}): Page {
  const at = new Date(NOW + number * 3_600_000).toISOString();
  return {
    workspace: "ws_1",
    page: number,
    at,
    seq: `l/${number}`,
    late: 0,
    total: number * 2,
    previousHash: "",
    hash: String(number),
    entries: [
      { entry: `ent_${number}`, shard: 0, recordedAt: at, count: 2, bytes: 10, expiresAt: 9e9, hash: "h" },
    ],
    ...changes,
  };
}

/** Page `number` with one event at each of these minutes after `NOW`, journalled at the time of the last one. */
export function agedPage(number: number, minutes: readonly number[], total = minutes.length): Page {
  const [whole] = page(number).entries;
  if (whole === undefined) throw new Error("no entry");
  const entries = minutes.map((minute) => ({
    ...whole,
    entry: `ent_${number}_${minute}`,
    recordedAt: new Date(NOW + minute * 60_000).toISOString(),
    count: 1,
  }));
  return page(number, { entries, total, at: entries.at(-1)?.recordedAt ?? "" });
}

/** As a table keeps it: what is `undefined` is not there. */
function withoutAbsent(row: LaneRow): LaneRow {
  return JSON.parse(JSON.stringify(row));
}

/** The lane with its first delivery, of two events, as the pending batch. */
export function freezeFirst(row: LaneRow): LaneRow {
  const batch = {
    id: WHD,
    selectedAt: "2026-11-23T05:00:00.000Z",
    format: "cloudevents-batch",
    contentVersion: 1,
    end: { page: 1, index: 2 },
    count: 2,
    check: "0123456789abcdef",
  } as const;
  return by({ kind: "batch-selected", batch, begin: row.cursor, expired: [] })(row);
}

/** The lane after an answer to its first delivery that suspends it. */
export function suspend(row: LaneRow, reason: string): LaneRow {
  return by({ kind: "attempt-suspended", delivery: WHD, last: REPORT.last, retriesBefore: 0, reason })(row);
}

/** The lane after a refusal of its first delivery, whose next attempt is in ten minutes. */
export const refuse = by({
  kind: "attempt-failed",
  delivery: WHD,
  last: REPORT.last,
  retriesBefore: 0,
  wait: { until: NEXT_ATTEMPT_AT, carrier: "sweep" },
});

async function recordOne(manage: Management, action: string, at: number): Promise<EntryReference> {
  const { registry, settings, random } = manage.dependencies;
  const workspace = await registry.readWorkspace("ws_1");
  if (workspace === undefined) throw new Error("no workspace");
  const event = { category: "billing", action, actor: { type: "user", id: "u" } };
  const entry = buildOwnEntry({ workspace, event, trace: undefined }, at, random, settings);
  await registry.commit([{ kind: "record", entry }]);
  return referenceOf(entry);
}

async function refuseFirst(
  manage: Management,
  row: LaneRow,
  state: "waiting" | "suspended",
): Promise<LaneRow> {
  const outcome = state === "waiting" ? "retry" : "suspend";
  await manage.note({
    facts: factsOf(row, 30, NOW),
    outcome,
    at: "2026-11-23T05:00:00.000Z",
    attempt: { attempt: 1, ...REPORT.last, outcome },
    ...(state === "waiting" && { nextAttemptAt: NEXT_ATTEMPT_AT }),
  });
  return state === "waiting" ? refuse(row) : suspend(row, "retries-exhausted");
}
