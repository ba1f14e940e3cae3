import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { createDynamoDb, createSqs, openDatabase } from "../../src/aws/services.ts";
import { TABLE } from "../fixtures/written-stores.ts";

const WRITER = join(import.meta.dirname, "..", "fixtures", "endless-writer.ts");

/**
 * Lets a child process write from number `first` on and kills it while it writes. Returns the writes that were
 * acknowledged.
 */
async function writeUntilKilled(file: string, first: number, count: number): Promise<number[]> {
  const child = spawn(process.execPath, [WRITER, file, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length >= count) child.kill("SIGKILL");
  }
  return acknowledged;
}

function numbers(database: DatabaseSync, sql: string): number[] {
  return database
    .prepare(sql)
    .all()
    .map((row) => Number(row["n"]));
}

it("after kill -9 every acknowledged write is there, with its stream record and its message", async () => {
  const dir = await mkdtemp(join(tmpdir(), "local-stack-kill-"));
  const file = join(dir, "aws.db");
  const acknowledged: number[] = [];
  let newest = 0;
  for (const count of [50, 300, 120]) {
    acknowledged.push(...(await writeUntilKilled(file, newest + 1, count)));
    const database = openDatabase(file);
    const options = { database, clock: Date.now, region: "eu-central-1", accountId: "123456789012" };
    const dynamoDb = createDynamoDb(options);
    createSqs({ ...options, endpoint: () => "http://127.0.0.1:1" }).close();
    const stream = dynamoDb.createTable(TABLE).streamArn ?? "";

    const written = numbers(
      database,
      "SELECT CAST(item ->> '$.sk.N' AS INTEGER) AS n FROM dynamodb_items_1 ORDER BY sk",
    );
    const records = dynamoDb.readStream(stream, undefined, 100_000);
    expect(records.map(({ dynamodb }) => Number((dynamodb.Keys["sk"] as { N: string }).N))).toEqual(written);
    const sent = numbers(database, "SELECT CAST(body AS INTEGER) AS n FROM sqs_message ORDER BY position");
    const [items, messages] = [new Set(written), new Set(sent)];
    expect(acknowledged.filter((n) => !items.has(n) || !messages.has(n))).toEqual([]);
    expect(messages.size).toBe(sent.length);
    expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    newest = written.at(-1) ?? 0;
    database.close();
  }
  await rm(dir, { recursive: true });
}, 30_000);
