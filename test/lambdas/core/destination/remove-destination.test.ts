import { beforeEach, describe, expect, it } from "vitest";
import type { Destination } from "../../../../lambdas/core/destination/destination.ts";
import { OWN_ACTOR } from "../../../../lambdas/core/destination/management-event.ts";
import type { CommitResult, RegistryWrite } from "../../../../lambdas/core/destination/registry-write.ts";
import {
  type RemovalOfDestinations,
  removeAllDestinations,
  removeDestination,
} from "../../../../lambdas/core/destination/remove-destination.ts";
import { destinationRow } from "../../../helpers/in-memory-lanes.ts";
import { createRecordedLog, type RecordedLog, workspaceRow } from "../../../helpers/in-memory-stores.ts";
import { PLANS } from "../../../helpers/sample-events.ts";

const WORKSPACE = workspaceRow("ws_1");
const remover = { actor: OWN_ACTOR, trace: undefined };
const named = (destination: string): Destination =>
  destinationRow({ destination, item: `destination#${destination}`, secretName: `secret of ${destination}` });

let rows: Destination[];
/** Results of the table for the removal of a destination. */
let answer: (destination: string) => CommitResult["kind"];
let deleted: string[];
let log: RecordedLog;
let dependencies: RemovalOfDestinations;

beforeEach(() => {
  rows = [];
  answer = () => "committed";
  deleted = [];
  log = createRecordedLog();
  dependencies = {
    registry: {
      commit: async (writes) => commit(writes),
      removeRow: async () => {},
      listRemains: async () => [],
      listUnfinished: async () => [],
      readDestination: async () => undefined,
      listDestinations: async (_workspace, after, limit) =>
        rows.filter(({ destination }) => destination > (after ?? "")).slice(0, limit),
    },
    secrets: { deleteSecret: async (name) => void deleted.push(name) },
    clock: () => 0,
    random: (bytes) => new Uint8Array(bytes),
    settings: { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://x.test", plans: PLANS, shards: {} },
    log,
  };
});

function commit([first]: readonly [RegistryWrite, ...RegistryWrite[]]): CommitResult {
  const item = first.kind === "remove" ? first.key.item : "";
  const kind = answer(item.replace("destination#", ""));
  if (kind === "committed") rows = rows.filter((row) => row.item !== item);
  return kind === "refused" ? { kind, write: first } : { kind };
}

describe("removing a destination", () => {
  it.each(["refused", "contended"] as const)(
    "whose row is %s keeps its secret, which is still in use",
    async (kind) => {
      answer = () => kind;
      expect(await removeDestination(WORKSPACE, named("dst_1"), remover, dependencies)).toBe("stale");
      expect(deleted).toEqual([]);
    },
  );

  it("succeeds although its secret cannot be deleted yet, and logs what is left", async () => {
    const error = new Error("throttled");
    dependencies.secrets.deleteSecret = () => Promise.reject(error);
    expect(await removeDestination(WORKSPACE, named("dst_1"), remover, dependencies)).toBe("removed");
    const fields = { workspace: "ws_1", destination: "dst_1" };
    expect(log.lines).toEqual([{ level: "error", message: "destination.removal-unfinished", fields, error }]);
  });
});

describe("removing all destinations of a workspace", () => {
  const names = Array.from({ length: 250 }, (_, index) => `dst_${String(index).padStart(3, "0")}`);
  beforeEach(() => {
    rows = names.map(named);
  });

  it("removes them all, however many there are", async () => {
    expect(await removeAllDestinations(WORKSPACE, remover, dependencies)).toBe("removed");
    expect(rows).toEqual([]);
    expect(deleted).toEqual(names.map((name) => `secret of ${name}`));
  });

  it("skips one that is changed concurrently, and reports that it has to be repeated", async () => {
    answer = (destination) => (destination === "dst_120" ? "refused" : "committed");
    expect(await removeAllDestinations(WORKSPACE, remover, dependencies)).toBe("stale");
    expect(rows.map(({ destination }) => destination)).toEqual(["dst_120"]);
  });
});
