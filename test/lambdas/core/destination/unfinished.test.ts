import { beforeEach, describe, expect, it } from "vitest";
import type { CommitResult } from "../../../../lambdas/core/destination/registry-write.ts";
import {
  finishAbandoned,
  type Unfinished,
  type UnfinishedDependencies,
  unfinishedItem,
} from "../../../../lambdas/core/destination/unfinished.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const unfinished = (destination: string, state: Unfinished["state"]): Unfinished => ({
  workspace: "ws_1",
  item: unfinishedItem(destination),
  destination,
  state,
  secretName: `secret of ${destination}`,
  version: 3,
  since: "2026-11-23T11:00:00.000Z",
});

/** Calls in their order. */
let steps: string[];
let found: Unfinished[];
let answer: CommitResult["kind"];
let dependencies: UnfinishedDependencies;

beforeEach(() => {
  steps = [];
  answer = "committed";
  dependencies = {
    registry: {
      commit: async ([write]) => {
        steps.push(
          write.kind === "replace" ? `${write.row.item} is ${String(write.row["state"])}` : write.kind,
        );
        return answer === "refused" ? { kind: answer, write } : { kind: answer };
      },
      removeRow: async ({ item }) => void steps.push(`remove ${item}`),
      listUnfinished: async () => found,
      listRemains: async (workspace, destination) =>
        ["rpl_1", "rpl_2"].map((replay) => ({ workspace, item: `lane#${destination}#${replay}` })),
    },
    secrets: { deleteSecret: async (name) => void steps.push(`delete ${name}`) },
    clock: () => NOW,
  };
});

describe("what is left of a removed destination", () => {
  it("is removed: its secret, its replays, and at last the row that leads to them", async () => {
    found = [unfinished("dst_1", "removing")];
    expect(await finishAbandoned("ws_1", dependencies)).toBe(1);
    expect(steps).toEqual([
      "delete secret of dst_1",
      "remove lane#dst_1#rpl_1",
      "remove lane#dst_1#rpl_2",
      "remove unfinished#dst_1",
    ]);
  });
});

describe("a destination that was never created", () => {
  beforeEach(() => {
    found = [unfinished("dst_1", "creating"), unfinished("dst_2", "removing")];
  });

  it("is marked for removal before its secret is deleted, so that its request cannot complete it", async () => {
    expect(await finishAbandoned("ws_1", dependencies)).toBe(2);
    expect(steps.slice(0, 2)).toEqual(["unfinished#dst_1 is removing", "delete secret of dst_1"]);
  });

  it("is left alone when its request was faster, and the others are finished", async () => {
    answer = "refused";
    expect(await finishAbandoned("ws_1", dependencies)).toBe(1);
    expect(steps).not.toContain("delete secret of dst_1");
    expect(steps).toContain("delete secret of dst_2");
  });
});
