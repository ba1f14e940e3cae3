import type { Destination, DestinationSecret } from "../../lambdas/core/destination/destination.ts";
import type { Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import type { Entry } from "../../lambdas/core/entry/entry.ts";
import { rowOf } from "../../lambdas/core/lane/row.ts";
import type { LaneRow } from "../../lambdas/core/lane/row-schema.ts";
import type { Lane } from "../../lambdas/core/lane/state.ts";
import type { WakeUp } from "../../lambdas/core/lane/wake-up.ts";
import { LIVE_LANE } from "../../lambdas/core/base/table-schema.ts";
import type { PublishedMetrics } from "../../lambdas/adapters/powertools-metrics.ts";
import type { Log, LogFields } from "../../lambdas/core/base/log.ts";
import type { Page } from "../../lambdas/core/journal/page.ts";
import type { Quarantined, QuarantineStore } from "../../lambdas/core/fan-out/quarantine.ts";
import type { DestinationReader, SecretReader } from "../../lambdas/core/destination/destination-store.ts";
import type { LaneStore, WakeUpQueue } from "../../lambdas/core/lane/lane-store.ts";
import type { WorkspaceReader } from "../../lambdas/core/workspace/workspace-store.ts";
import type { JournalStore } from "../../lambdas/core/journal/journal-store.ts";
import { type EntryStore, soughtAmong } from "../../lambdas/core/entry/entry-store.ts";
import { laneOf } from "./lane-rows.ts";

/** Awaited before and after each call of a store; a test passes one that reorders, delays or throws. */
export type Turn = (call: string) => Promise<void>;
const noTurn: Turn = async () => {};

/** Copies values, so that a store never shares an object with its caller. */
const copy = <T>(value: T): T => structuredClone(value);

async function turned<T>(turn: Turn, call: string, act: () => T): Promise<T> {
  await turn(call);
  const result = act();
  await turn(`${call} done`);
  return result;
}

export interface InMemoryEntries extends EntryStore {
  entries: Map<string, Entry>;
}

export function createInMemoryEntries(turn: Turn = noTurn): InMemoryEntries {
  const entries = new Map<string, Entry>();
  return {
    entries,
    putEntry: (entry) =>
      turned(turn, "putEntry", () => {
        const present = entries.get(`${entry.workspace}/${entry.entry}`);
        if (present !== undefined) return { kind: "exists" as const, entry: copy(present) };
        entries.set(`${entry.workspace}/${entry.entry}`, copy(entry));
        return { kind: "recorded" as const };
      }),
    readEntries: (workspace, references) =>
      turned(turn, "readEntries", () => {
        const found = new Map<string, Entry>();
        const isSought = soughtAmong(references);
        for (const { entry } of references) {
          const present = entries.get(`${workspace}/${entry}`);
          if (present !== undefined && isSought(present)) found.set(entry, copy(present));
        }
        return found;
      }),
  };
}

export interface InMemoryJournal extends JournalStore {
  /** All pages of a workspace in order. */
  pagesOf(workspace: string): Page[];
  remove(workspace: string, page: number): void;
  put(page: Page): void;
}

export function createInMemoryJournal(turn: Turn = noTurn): InMemoryJournal {
  const workspaces = new Map<string, Map<number, Page>>();
  const pages = (workspace: string): Map<number, Page> => {
    const present = workspaces.get(workspace) ?? new Map<number, Page>();
    workspaces.set(workspace, present);
    return present;
  };
  const inOrder = (workspace: string): Page[] =>
    [...pages(workspace).values()].toSorted((a, b) => a.page - b.page).map(copy);
  return {
    pagesOf: inOrder,
    remove: (workspace, page) => void pages(workspace).delete(page),
    put: (page) => void pages(page.workspace).set(page.page, copy(page)),
    newestPage: (workspace) => turned(turn, "newestPage", () => inOrder(workspace).at(-1)),
    oldestPage: (workspace) => turned(turn, "oldestPage", () => inOrder(workspace)[0]),
    readPage: (workspace, page) => turned(turn, "readPage", () => copy(pages(workspace).get(page))),
    readPagesFrom: (workspace, page, limit) =>
      turned(turn, "readPagesFrom", () =>
        inOrder(workspace)
          .filter((candidate) => candidate.page >= page)
          .slice(0, limit),
      ),
    putPage: (page) =>
      turned(turn, "putPage", () => {
        if (pages(page.workspace).has(page.page)) return "exists" as const;
        pages(page.workspace).set(page.page, copy(page));
        return "put" as const;
      }),
  };
}

export interface InMemoryWorkspaces extends WorkspaceReader {
  workspaces: Map<string, Workspace>;
}

export function createInMemoryWorkspaces(...rows: Workspace[]): InMemoryWorkspaces {
  const workspaces = new Map(rows.map((row) => [row.workspace, row]));
  return { workspaces, readWorkspace: async (workspace) => copy(workspaces.get(workspace)) };
}

export interface InMemoryLanes extends LaneStore {
  /** Lanes by `workspace/destination/lane`. */
  lanes: Map<string, LaneRow>;
  put(lane: LaneRow | Lane): void;
}

const laneKey = ({
  workspace,
  destination,
  lane,
}: Pick<WakeUp, "workspace" | "destination" | "lane">): string => `${workspace}/${destination}/${lane}`;

export function createInMemoryLanes(turn: Turn = noTurn): InMemoryLanes {
  const lanes = new Map<string, LaneRow>();
  const read = (row: LaneRow | undefined): Lane | undefined => row && laneOf(copy(row));
  return {
    lanes,
    put: (lane) => void lanes.set(laneKey(lane), copy("role" in lane ? rowOf(lane) : lane)),
    readLane: (wakeUp) => turned(turn, "readLane", () => read(lanes.get(laneKey(wakeUp)))),
    lanesOf: (workspace) =>
      turned(turn, "lanesOf", () =>
        [...lanes.values()]
          .filter((row) => row.workspace === workspace && row.status === "live")
          .map((row) => laneOf(copy(row))),
      ),
    replaceLane: (lane) =>
      turned(turn, "replaceLane", () => {
        if (lanes.get(laneKey(lane))?.version !== lane.version) return "stale" as const;
        const stored = { ...copy(lane), version: lane.version + 1 };
        lanes.set(laneKey(lane), rowOf(stored));
        return stored;
      }),
  };
}

export interface InMemoryWakeUps extends WakeUpQueue {
  woken: WakeUp[];
}

export function createInMemoryWakeUps(turn: Turn = noTurn): InMemoryWakeUps {
  const woken: WakeUp[] = [];
  return { woken, send: (wakeUps) => turned(turn, "send", () => void woken.push(...wakeUps)) };
}

export function createInMemoryDestinations(
  ...rows: Destination[]
): DestinationReader & { destinations: Map<string, Destination> } {
  const destinations = new Map(rows.map((row) => [`${row.workspace}/${row.destination}`, row]));
  return {
    destinations,
    readDestination: async (workspace, destination) => copy(destinations.get(`${workspace}/${destination}`)),
  };
}

export function createInMemorySecrets(
  secrets: Map<string, DestinationSecret> = new Map(),
): SecretReader & { secrets: Map<string, DestinationSecret> } {
  return { secrets, readSecret: async (name) => copy(secrets.get(name)) };
}

/** A live lane at the beginning of the journal. */
export function laneAtStart(workspace: string, destination: string, changes: Partial<LaneRow> = {}): LaneRow {
  return {
    workspace,
    item: `lane#${destination}#${LIVE_LANE}`,
    destination,
    lane: LIVE_LANE,
    status: "live",
    version: 1,
    cursor: { page: 1, index: 0 },
    number: 1,
    previousId: "-",
    attempts: 0,
    consecutiveFailures: 0,
    createdAt: "2026-11-23T00:00:00.000Z",
    ...changes,
  };
}

/** A workspace on the plan `enterprise`. */
export function workspaceRow(workspace: string, changes: Partial<Workspace> = {}): Workspace {
  return {
    workspace,
    item: "workspace",
    plan: "enterprise",
    version: 1,
    createdAt: "2026-11-01T00:00:00.000Z",
    updatedAt: "2026-11-01T00:00:00.000Z",
    ...changes,
  };
}

export interface RecordedLog extends Log {
  lines: { level: "info" | "warn" | "error"; message: string; fields: LogFields; error?: unknown }[];
}

export function createRecordedLog(): RecordedLog {
  const lines: RecordedLog["lines"] = [];
  return {
    lines,
    info: (message, fields = {}) => void lines.push({ level: "info", message, fields }),
    warn: (message, fields = {}) => void lines.push({ level: "warn", message, fields }),
    error: (message, fields = {}, error) => void lines.push({ level: "error", message, fields, error }),
  };
}

export interface RecordedMetrics extends PublishedMetrics {
  counts: Map<string, number>;
  values: Map<string, number[]>;
}

export function createRecordedMetrics(): RecordedMetrics {
  const counts = new Map<string, number>();
  const values = new Map<string, number[]>();
  return {
    counts,
    values,
    count: (name, value = 1) => void counts.set(name, (counts.get(name) ?? 0) + value),
    milliseconds: (name, value) => void values.set(name, [...(values.get(name) ?? []), value]),
    publish: () => undefined,
  };
}

export interface InMemoryQuarantine extends QuarantineStore {
  rows: Map<string, Quarantined>;
}

const rowKey = ({ label, sequenceNumber }: Quarantined): string => `${label}/${sequenceNumber}`;

export function createInMemoryQuarantine(turn: Turn = noTurn): InMemoryQuarantine {
  const rows = new Map<string, Quarantined>();
  return {
    rows,
    putRow: (row) => turned(turn, "putRow", () => void rows.set(rowKey(row), copy(row))),
    listRows: (limit, next) =>
      turned(turn, "listRows", () => {
        const start = Number(next ?? 0);
        const all = [...rows.values()];
        const after = start + limit < all.length ? String(start + limit) : undefined;
        return { rows: all.slice(start, start + limit).map((row) => copy(row)), next: after };
      }),
    closeRow: (row) => turned(turn, "closeRow", () => void rows.delete(rowKey(row))),
  };
}

/** The same store as seen by one of several processes: each awaits its own turn before and after every call. */
export function takeTurns<Store extends object>(store: Store, turn: Turn): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function") return member;
      return async (...parameters: unknown[]) => {
        await turn(String(name));
        const result: unknown = await member.apply(target, parameters);
        await turn(`${String(name)} done`);
        return result;
      };
    },
  });
}
