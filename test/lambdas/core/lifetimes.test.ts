import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { createExportParts } from "../../../lambdas/adapters/export-store.ts";
import { recordOfPending, skippedNote } from "../../../lambdas/core/lane/delivery-facts.ts";
import { isAbandoned, newSecretLock } from "../../../lambdas/core/destination/secret-lock.ts";
import { finishAbandoned, type Unfinished } from "../../../lambdas/core/destination/unfinished.ts";
import { createExport } from "../../../lambdas/reading/manage-exports.ts";
import { laneAtStart, workspaceRow } from "../../helpers/in-memory-stores.ts";
import { factsOf, laneOf } from "../../helpers/lane-rows.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const at = (time: number): string => new Date(time).toISOString();
const seconds = (text: string): number => Date.parse(text) / 1000;

describe("a delivery's row in the log", () => {
  const frozen = {
    id: "whd_1",
    number: 1,
    frozenAt: at(NOW - 1000),
    format: "cloudevents-batch" as const,
    contentVersion: 1,
    end: { page: 2, index: 0 },
    count: 1,
    check: "",
  };
  const row = laneAtStart("ws_1", "dst_1", { frozen });
  const lane = laneOf(row);

  it("is kept for its days after the last write, to the second", () => {
    const expiresAt = seconds("2026-12-23T12:00:00.000Z");
    expect(factsOf(row, 30, NOW)).toMatchObject({ delivery: "whd_1", expiresAt });
    expect(factsOf(row, 30, NOW + 1).expiresAt).toBe(expiresAt + 1);
    expect(factsOf(row, 1, NOW).expiresAt).toBe(seconds("2026-11-24T12:00:00.000Z"));
    expect(recordOfPending(lane, 30, NOW)?.expiresAt).toBe(expiresAt);
    expect(skippedNote(lane, 30, NOW, at(NOW))?.facts.expiresAt).toBe(expiresAt);
  });
});

describe("the lock on a secret", () => {
  const lock = newSecretLock("ws_1", "dst_1", NOW);

  it("is held for a minute at most", () => {
    expect(isAbandoned(lock, NOW + 60_000)).toBe(false);
    expect(isAbandoned(lock, NOW + 60_001)).toBe(true);
  });

  it("expires from the table an hour after it was taken, long after it can be held", () => {
    expect(lock).toMatchObject({
      since: "2026-11-23T12:00:00.000Z",
      expiresAt: seconds("2026-11-23T13:00:00.000Z"),
    });
    expect(newSecretLock("ws_1", "dst_1", NOW + 1).expiresAt).toBe(lock.expiresAt + 1);
  });
});

describe("an unfinished request", () => {
  const row = (state: Unfinished["state"]): Unfinished => ({
    workspace: "ws_1",
    item: "unfinished#dst_1",
    destination: "dst_1",
    state,
    secretName: "secret",
    version: 1,
    since: at(NOW),
  });

  it.each(["creating", "removing"] as const)(
    "in the state %s is finished once it is older than a quarter of an hour",
    async (state) => {
      const deleted: string[] = [];
      const finishAt = (now: number): Promise<number> =>
        finishAbandoned("ws_1", {
          registry: {
            listUnfinished: async () => [row(state)],
            listRemains: async () => [],
            removeRow: async () => {},
            commit: async () => ({ kind: "committed" }),
          },
          secrets: { deleteSecret: async (name) => void deleted.push(name) },
          clock: () => now,
        });
      expect(await finishAt(NOW + 15 * 60_000)).toBe(0);
      expect(deleted).toEqual([]);
      expect(await finishAt(NOW + 15 * 60_000 + 1)).toBe(1);
      expect(deleted).toEqual(["secret"]);
    },
  );
});

describe("an export", () => {
  it("has links that are valid for a quarter of an hour", async () => {
    const client = new S3Client({
      region: "eu-west-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    const link = new URL(await createExportParts(client, "bucket").linkTo("ws_1/exp_1/part-00001.csv"));
    expect(link.searchParams.get("X-Amz-Expires")).toBe("900");
    expect(link.pathname).toBe("/ws_1/exp_1/part-00001.csv");
  });

  it("keeps its row for seven days, to the second", async () => {
    const expiries: number[] = [];
    const createAt = (now: number) =>
      createExport(workspaceRow("ws_1"), { body: '{"format":"csv"}' } as never, {
        rows: {
          readJob: async () => undefined,
          listJobs: async () => [],
          putJob: async (job) => {
            expiries.push(job.expiresAt);
            return job;
          },
        },
        parts: { putPart: async () => {}, linkTo: async (key) => key },
        starter: { start: async () => {} },
        reading: {
          newestPage: async () => undefined,
          oldestPage: async () => undefined,
          readPage: async () => undefined,
          readPagesBack: async () => [],
          readPagesFrom: async () => [],
          readLines: async () => new Map(),
        },
        plans: { enterprise: { retentionDays: 7, forwarding: true, maxDestinations: 1 } },
        random: (bytes: number) => new Uint8Array(bytes),
        clock: () => now,
      });
    await createAt(NOW);
    await createAt(NOW + 1);
    const week = seconds("2026-11-30T12:00:00.000Z");
    expect(expiries).toEqual([week, week + 1]);
  });
});
