import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { CliError } from "../../cli/cli-error.ts";
import type { Action } from "../../cli/confirm.ts";
import { destroySecrets } from "../../cli/destroy-data.ts";
import { counted } from "../../cli/output.ts";
import { scratchDirectory } from "../helpers/scratch.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
const outputs = join(scratchDirectory("destroy-data"), "outputs.json");

/**
 * Pages of Secrets Manager's list, whose name filter also finds secrets of other stacks: it matches the beginning of
 * any word, in any case.
 */
const PAGES = [["acme/prod/dst_1", "old acme/prod/dst_9", "ACME/PROD/dst_8"], ["acme/prod/dst_2"]];
const deleted: unknown[] = [];
const service = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const input = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
    const isList = String(request.headers["x-amz-target"]).endsWith("ListSecrets");
    if (!isList) deleted.push(input);
    const page = Number(input["NextToken"] ?? 0);
    const names = (PAGES[page] ?? []).map((Name) => ({ Name }));
    const next = page + 1 < PAGES.length ? { NextToken: String(page + 1) } : {};
    response.end(JSON.stringify(isList ? { SecretList: names, ...next } : {}));
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  writeFileSync(outputs, JSON.stringify({ A: { SecretPrefix: "acme/prod/" } }));
});
afterAll(() => service.close());

const environment = (): Record<string, string> => ({
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "a",
  AWS_SECRET_ACCESS_KEY: "b",
  AWS_ENDPOINT_URL: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
});

it("deletes the stack's own secrets on every page of the list, and no others", async () => {
  const env = { PATH: process.env["PATH"], ...environment() };
  const args = [LAUNCHER, "destroy-data", "--yes", "--outputs", outputs];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  expect(deleted).toEqual(
    ["acme/prod/dst_1", "acme/prod/dst_2"].map((SecretId) => ({
      SecretId,
      ForceDeleteWithoutRecovery: true,
    })),
  );
  expect(stdout).toContain("2 secrets deleted.");
});

it("asks for the prefix and deletes nothing when another word is typed", async () => {
  deleted.length = 0;
  for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value);
  const typed: Action[] = [];
  const destroying = destroySecrets({ label: "A", output: () => "acme/prod/" }, async (deed) => {
    typed.push(deed);
    throw new CliError("Nothing was done.");
  });
  await expect(destroying).rejects.toThrow("Nothing was done.");
  vi.unstubAllEnvs();
  expect(typed).toEqual([{ what: "delete them for good", word: "acme/prod/" }]);
  expect(deleted).toEqual([]);
});

it("uses the singular for one secret", () => {
  expect([0, 1, 2].map((count) => counted(count, "event"))).toEqual(["0 events", "1 event", "2 events"]);
  expect([1, 2].map((count) => counted(count, "delivery", "deliveries"))).toEqual([
    "1 delivery",
    "2 deliveries",
  ]);
});
