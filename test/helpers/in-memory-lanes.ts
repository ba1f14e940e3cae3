import { DEFAULT_RETRY } from "../../lambdas/core/delivery/retry-schedule.ts";
import { appendToJournal } from "../../lambdas/core/journal/append-journal.ts";
import { buildEntry, referenceOf, sha256 } from "../../lambdas/core/entry/build-entry.ts";
import { toTimestamp } from "../../lambdas/core/base/clock.ts";
import {
  addNote,
  type DeliveryLog,
  type DeliveryRecord,
} from "../../lambdas/core/delivery/delivery-record.ts";
import { type Destination, destinationSchema } from "../../lambdas/core/destination/destination.ts";
import type { Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import type { Entry } from "../../lambdas/core/entry/entry.ts";
import type { JournalRecord } from "../../lambdas/core/journal/find-in-journal.ts";
import { formatOfContentType } from "../../lambdas/core/formats/known-formats.ts";
import { entryKeyOf } from "../../lambdas/core/base/ids.ts";
import type { LaneRow } from "../../lambdas/core/lane/row-schema.ts";
import type { WakeUp } from "../../lambdas/core/lane/wake-up.ts";
import type { LanePorts } from "../../lambdas/core/lane/lane-ports.ts";
import type { Notice } from "../../lambdas/core/lane/owner-notice.ts";
import { streamPosition } from "../../lambdas/core/journal/page.ts";
import { type RunEnd, runLane } from "../../lambdas/core/lane/run.ts";
import type { SendRequest, SendResult } from "../../lambdas/core/delivery/send.ts";
import {
  createInMemoryDestinations,
  createInMemoryEntries,
  createInMemoryJournal,
  createInMemoryLanes,
  createInMemoryWakeUps,
  createInMemorySecrets,
  createInMemoryWorkspaces,
  createRecordedLog,
  createRecordedMetrics,
  laneAtStart,
  takeTurns,
  type Turn,
  workspaceRow,
} from "./in-memory-stores.ts";
import { PLANS } from "./sample-events.ts";

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
export const WS = "ws_1";
export const DST = "dst_1";
export const LIVE: WakeUp = { workspace: WS, destination: DST, lane: "live" };
const START = Date.parse("2026-11-23T12:00:00.000Z");
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** The actions of `count` events. */
export const repeat = (count: number, action = "a"): string[] => Array.from({ length: count }, () => action);

/** One POST as the receiver saw it. */
export interface Received {
  id: string;
  lane: string;
  number: number;
  previousId: string;
  body: string;
  /** Ids of the events in the request. */
  events: string[];
  headers: Record<string, string>;
  /** Values that the sender must mask in the stored part of the response. */
  secrets: readonly string[];
  url: string;
}

export function answered(
  statusCode: number,
  more: { retryAfter?: string; durationMs?: number } = {},
): SendResult {
  const { durationMs = 20, ...rest } = more;
  return { kind: "answered", statusCode, body: "", durationMs, address: "203.0.113.7", phases: {}, ...rest };
}

export const LOST: SendResult = { kind: "failed", errorClass: "reset", durationMs: 20, phases: {} };

export function destinationRow(changes: Partial<Destination> = {}): Destination {
  // What is not named has its fallback.
  return destinationSchema.parse({
    workspace: WS,
    item: `destination#${DST}`,
    destination: DST,
    name: "SIEM",
    url: "https://siem.example.com/in",
    headerNames: [],
    secretName: "trailcast/ws_1/dst_1",
    secretVersion: "v1",
    version: 1,
    contentVersion: 1,
    createdAt: toTimestamp(START),
    updatedAt: toTimestamp(START),
    ...changes,
  });
}

export function createInMemoryDeliveries(): DeliveryLog & { rows: Map<string, DeliveryRecord> } {
  const rows = new Map<string, DeliveryRecord>();
  return {
    rows,
    note: async (note) => {
      const row = addNote(rows.get(note.facts.delivery), note);
      rows.set(note.facts.delivery, row);
      return row.outcome;
    },
  };
}

/** One workspace with one destination and a receiver that answers as the test says; all ports are in memory. */
export class LaneWorld {
  now = START;
  readonly entries = createInMemoryEntries();
  readonly journal = createInMemoryJournal();
  readonly lanes = createInMemoryLanes();
  readonly wakeUps = createInMemoryWakeUps();
  readonly destinations = createInMemoryDestinations(destinationRow());
  readonly workspaces = createInMemoryWorkspaces(workspaceRow(WS));
  readonly deliveries = createInMemoryDeliveries();
  readonly secrets = createInMemorySecrets(
    new Map([
      [
        "trailcast/ws_1/dst_1",
        { current: SECRET, former: [], headers: { "X-Token": "tok_12345678" }, auth: { type: "none" } },
      ],
    ]),
  );
  readonly received: Received[] = [];
  readonly notices: Notice[] = [];
  readonly log = createRecordedLog();
  readonly metrics = createRecordedMetrics();
  /** Returns the receiver's response; called after the request was recorded. */
  answer: (request: Received) => SendResult | Promise<SendResult> = () => answered(200);
  private recorded = 0;
  private chance = 1;

  constructor() {
    this.lanes.put(laneAtStart(WS, DST));
  }

  /** `turn` is awaited before and after each call to a port. */
  ports(turn?: Turn): LanePorts {
    const outside = {
      lanes: this.lanes,
      destinations: this.destinations,
      workspaces: this.workspaces,
      journal: this.journal,
      entries: this.entries,
      deliveries: this.deliveries,
      secrets: this.secrets,
      sender: { send: (request: SendRequest) => this.receive(request) },
      wakeUps: this.wakeUps,
      notices: { tell: async (notice: Notice) => void this.notices.push(notice) },
    };
    const turned =
      turn === undefined
        ? outside
        : (Object.fromEntries(
            Object.entries(outside).map(([name, port]) => [name, takeTurns(port, turn)]),
          ) as unknown as typeof outside);
    return {
      ...turned,
      clock: () => this.now,
      random: (bytes) => this.random(bytes),
      log: this.log,
      metrics: this.metrics,
      settings: {
        plans: PLANS,
        retry: DEFAULT_RETRY,
        eventTypePrefix: "pro.atmos",
        logDays: 30,
        version: "1.0.0",
      },
    };
  }

  /** Records one entry of events, journals it as its own page, and returns it. */
  async record(
    actions: readonly string[],
    changes: Partial<{ category: string; target: string }> = {},
  ): Promise<Entry> {
    const [entry] = await this.recordPage([actions], changes);
    if (entry === undefined) throw new Error("Nothing recorded");
    return entry;
  }

  /** Records entries one second apart and journals them as one page, at the time of the last one. */
  async recordPage(
    entries: readonly (readonly string[])[],
    changes: Partial<{ category: string; target: string }> = {},
  ): Promise<Entry[]> {
    const recorded: Entry[] = [];
    const records: JournalRecord[] = [];
    for (const actions of entries) {
      if (recorded.length > 0) this.now += 1000;
      const entry = await this.putEntry(actions, changes);
      recorded.push(entry);
      records.push({ position: streamPosition("l", String(this.recorded)), reference: referenceOf(entry) });
    }
    const { journal, entries: stored } = this;
    await appendToJournal(WS, records, { journal, entries: stored, clock: () => this.now });
    return recorded;
  }

  private async putEntry(
    actions: readonly string[],
    { category = "billing", target = "usr_9" }: Partial<{ category: string; target: string }>,
  ): Promise<Entry> {
    this.recorded++;
    const key = entryKeyOf(WS, String(this.recorded));
    const events = actions.map((action) => ({
      category,
      action,
      actor: { type: "user", id: "usr_1" },
      target: { type: "destination", id: target },
    }));
    const built = buildEntry(
      {
        workspace: WS,
        entry: key,
        shard: 0,
        events,
        requestHash: sha256(key),
        trace: undefined,
        keptDays: 365,
      },
      this.now,
      { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" },
    );
    if (!built.ok) throw new Error(built.problem.kind);
    await this.entries.putEntry(built.entry);
    return built.entry;
  }

  run(
    input: Partial<{
      wakeUp: WakeUp;
      receives: number;
      sentAt: number | undefined;
      turns: Turn;
      hasTime: () => boolean;
    }> = {},
  ): Promise<RunEnd> {
    const { wakeUp = LIVE, receives = 1, sentAt, hasTime = () => true } = input;
    return runLane({ wakeUp, receives, sentAt, hasTime }, this.ports(input.turns));
  }

  refuseAll(statusCode: number): void {
    this.answer = () => answered(statusCode);
  }

  lane(wakeUp: WakeUp = LIVE): LaneRow {
    const lane = this.lanes.lanes.get(`${wakeUp.workspace}/${wakeUp.destination}/${wakeUp.lane}`);
    if (lane === undefined) throw new Error("No such lane");
    return structuredClone(lane);
  }

  /** A change by management: every change of a lane increments its version. */
  change(change: (row: LaneRow) => LaneRow, wakeUp: WakeUp = LIVE): void {
    const lane = this.lane(wakeUp);
    this.lanes.put({ ...change(lane), version: lane.version + 1 });
  }

  /** A `PATCH` of the filter or format, which also increments the live lane's version. */
  patch(changes: Partial<Pick<Destination, "eventTypes" | "format">>): void {
    const row = this.destination();
    this.setDestination({ ...changes, contentVersion: row.contentVersion + 1 });
    this.change((lane) => lane);
  }

  setDestination(changes: Partial<Destination>): void {
    this.destinations.destinations.set(`${WS}/${DST}`, { ...this.destination(), ...changes });
  }

  setWorkspace(changes: Partial<Workspace>): void {
    this.workspaces.workspaces.set(WS, {
      ...workspaceRow(WS),
      ...this.workspaces.workspaces.get(WS),
      ...changes,
    });
  }

  /**
   * Expires everything recorded before `floor`. A purge may have removed the entries, and all pages except the newest.
   */
  expire(removes: { entries: boolean; pages: boolean }, floor = toTimestamp(this.now)): void {
    this.setWorkspace({ history: { floor } });
    const newest = this.journal.pagesOf(WS).at(-1)?.page ?? 0;
    for (const page of this.journal.pagesOf(WS)) {
      if (page.entries.some(({ recordedAt }) => recordedAt >= floor)) continue;
      if (removes.entries)
        for (const { entry } of page.entries) this.entries.entries.delete(`${WS}/${entry}`);
      if (removes.entries && removes.pages && page.page < newest) this.journal.remove(WS, page.page);
    }
  }

  /** Outcomes in the delivery log, in the order of their numbers. */
  outcomes(lane = "live"): [number, string][] {
    return [...this.deliveries.rows.values()]
      .filter((row) => row.lane === lane)
      .map(({ number, outcome }): [number, string] => [number, outcome])
      .toSorted(([a], [b]) => a - b);
  }

  /** Actions of the events in each POST, such as `["a", "b"]`. */
  actions(): string[][] {
    return this.received.map((request) => eventsIn(request).map(({ type }) => type.split(".").at(-1) ?? ""));
  }

  private destination(): Destination {
    const row = this.destinations.destinations.get(`${WS}/${DST}`);
    if (row === undefined) throw new Error("No such destination");
    return row;
  }

  private async receive({ url, headers, body, secrets = [] }: SendRequest): Promise<SendResult> {
    const text = Buffer.from(body).toString();
    const [lane = "", number = "", previousId = ""] = (headers["x-webhook-chain"] ?? "").split(";");
    const request = {
      id: headers["webhook-id"] ?? "",
      lane,
      number: Number(number),
      previousId,
      body: text,
      events: eventsIn({ headers, body: text }).map(({ id }) => id),
      headers,
      secrets,
      url,
    };
    this.received.push(request);
    return this.answer(request);
  }

  /** Different for each call, but the same in every run. */
  private random(bytes: number): Uint8Array {
    const result = new Uint8Array(bytes);
    for (let index = 0; index < bytes; index++) {
      this.chance = (this.chance * 48_271) % 2_147_483_647;
      result[index] = this.chance >> 8;
    }
    return result;
  }
}

function eventsIn({ headers, body }: Pick<Received, "headers" | "body">): { id: string; type: string }[] {
  const format = formatOfContentType(headers["content-type"]);
  if (format === undefined) throw new Error(`No format has the content type ${headers["content-type"]}`);
  return format.decode(body) as { id: string; type: string }[];
}
