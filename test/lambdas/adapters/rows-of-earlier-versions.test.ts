import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type AttributeValue, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDeliveryLogReader } from "../../../lambdas/adapters/delivery-log.ts";
import { createEntryStore } from "../../../lambdas/adapters/entry-store.ts";
import { createExportRows } from "../../../lambdas/adapters/export-store.ts";
import { createJournalStore } from "../../../lambdas/adapters/journal-store.ts";
import { createPurgeStore } from "../../../lambdas/adapters/purge-store.ts";
import { createQuarantineStore } from "../../../lambdas/adapters/quarantine-store.ts";
import { createReceiptStore } from "../../../lambdas/adapters/receipt-store.ts";
import { createRegistryReader } from "../../../lambdas/adapters/registry-reader.ts";
import { createRegistryWriter } from "../../../lambdas/adapters/registry-writer.ts";
import { createSecretReader } from "../../../lambdas/adapters/secret-reader.ts";
import { deliveryRecordSchema } from "../../../lambdas/core/delivery/delivery-record.ts";
import { destinationSchema, destinationSecretSchema } from "../../../lambdas/core/destination/destination.ts";
import { rateWindowSchema } from "../../../lambdas/core/destination/rate-limit.ts";
import { secretLockSchema } from "../../../lambdas/core/destination/secret-lock.ts";
import { unfinishedSchema } from "../../../lambdas/core/destination/unfinished.ts";
import { linesOf } from "../../../lambdas/core/entry/entry-body.ts";
import { entrySchema, RENAMED_ENTRY_ATTRIBUTES } from "../../../lambdas/core/entry/entry.ts";
import { quarantinedSchema } from "../../../lambdas/core/fan-out/quarantine.ts";
import { pageSchema } from "../../../lambdas/core/journal/page.ts";
import { wakeUpSchema } from "../../../lambdas/core/lane/wake-up.ts";
import { replaySchema } from "../../../lambdas/core/lane/replay.ts";
import { exportJobSchema } from "../../../lambdas/core/reading/export-job.ts";
import { purgeStateSchema } from "../../../lambdas/core/retention/purge-state.ts";
import { receiptSchema } from "../../../lambdas/core/retention/receipt.ts";
import { workspaceSchema } from "../../../lambdas/core/workspace/entitlement.ts";
import { DEFAULT_RETENTION } from "../../../lambdas/core/workspace/retention.ts";
import { createPurgeWorkspaceHandler } from "../../../lambdas/purge-workspace.ts";
import {
  createSecretsManager,
  openDatabase,
  openSecretStore,
  startHttpEndpoint,
} from "@trailcast/local-stack/aws";
import { contextWith } from "../../helpers/http-events.ts";
import { createRecordedLog, createRecordedMetrics } from "../../helpers/in-memory-stores.ts";
import { type LocalDynamo, startLocalDynamo } from "../../helpers/local-dynamo.ts";
import { createRetentionWorld, PLANS } from "../../helpers/retention-world.ts";

const ROWS = join(import.meta.dirname, "..", "..", "fixtures", "rows");
const TABLES = { events: "Events", journal: "Journal", registry: "Registry", receipts: "Receipts" };

type Item = Record<string, AttributeValue>;
type Row = Record<string, any>;

interface Kind {
  table: string;
  /** The attributes that a row may have. Each must be in a fixture. */
  attributes: readonly string[];
  read(row: Row): Promise<unknown>;
}

let dynamo: LocalDynamo;
beforeAll(async () => void (dynamo = await startLocalDynamo(() => Date.now())));
afterAll(() => dynamo.close());

const registry = () => createRegistryReader(dynamo.client, "Registry");
const shapeOf = (schema: { shape: object }): string[] => Object.keys(schema.shape);

/** How the product reads each kind of row, by the folder and the beginning of the file's name. */
const KINDS: Record<string, Kind> = {
  "events/entry": {
    table: "Events",
    attributes: shapeOf(entrySchema._zod.def.out),
    read: async ({ workspace, entry, shard, recordedAt }) =>
      (
        await createEntryStore(dynamo.client, "Events").readEntries(workspace, [{ entry, shard, recordedAt }])
      ).get(entry),
  },
  "journal/page": {
    table: "Journal",
    attributes: shapeOf(pageSchema),
    read: ({ workspace, page }) => createJournalStore(dynamo.client, "Journal").readPage(workspace, page),
  },
  "registry/workspace": {
    table: "Registry",
    attributes: shapeOf(workspaceSchema),
    read: ({ workspace }) => registry().readWorkspace(workspace),
  },
  "registry/destination": {
    table: "Registry",
    attributes: shapeOf(destinationSchema),
    read: ({ workspace, destination }) => registry().readDestination(workspace, destination),
  },
  "registry/unfinished": {
    table: "Registry",
    attributes: shapeOf(unfinishedSchema),
    read: async ({ workspace, destination }) =>
      (await registry().listUnfinished(workspace)).find((row) => row.destination === destination),
  },
  "registry/count": {
    table: "Registry",
    attributes: ["workspace", "item", "count"],
    // A counter is never read, only compared with a limit: here it must accept one more, but not a second one.
    read: async ({ workspace, item, count }) => {
      const { commit } = createRegistryWriter(dynamo.client, TABLES);
      const write = { kind: "count", key: { workspace, item }, by: 1, atMost: count + 1 } as const;
      const kinds = [(await commit([write])).kind, (await commit([write])).kind];
      return kinds.join() === "committed,refused" ? { workspace, item, count } : undefined;
    },
  },
  "registry/secret-lock": {
    table: "Registry",
    attributes: shapeOf(secretLockSchema),
    read: ({ workspace, item }) => registry().readSecretLock(workspace, item.replace("secret-lock#", "")),
  },
  "registry/limit": {
    table: "Registry",
    attributes: shapeOf(rateWindowSchema),
    read: ({ workspace, item }) => registry().readRate(workspace, item),
  },
  "registry/replay": {
    table: "Registry",
    attributes: shapeOf(replaySchema),
    read: ({ workspace, destination, replay }) => registry().readReplay(workspace, destination, replay),
  },
  "registry/export": {
    table: "Registry",
    attributes: shapeOf(exportJobSchema),
    read: ({ workspace, export: id }) => createExportRows(dynamo.client, "Registry").readJob(workspace, id),
  },
  "registry/purge": {
    table: "Registry",
    attributes: shapeOf(purgeStateSchema),
    read: ({ workspace }) => createPurgeStore(dynamo.client, TABLES).readState(workspace),
  },
  "deliveries/delivery": {
    table: "Deliveries",
    attributes: shapeOf(deliveryRecordSchema),
    read: ({ destination, delivery }) => {
      const [workspace = "", id = ""] = destination.split("/");
      return createDeliveryLogReader(dynamo.client, "Deliveries").readDelivery(workspace, id, delivery);
    },
  },
  "receipts/receipt": {
    table: "Receipts",
    attributes: shapeOf(receiptSchema),
    read: async ({ workspace, receipt }) =>
      (await createReceiptStore(dynamo.client, "Receipts").listReceipts(workspace)).find(
        (row) => row.receipt === receipt,
      ),
  },
  "quarantine/record": {
    table: "Quarantine",
    attributes: shapeOf(quarantinedSchema),
    read: async ({ sequenceNumber }) =>
      (await createQuarantineStore(dynamo.client, "Quarantine").listRows(100)).rows.find(
        (row) => row.sequenceNumber === sequenceNumber,
      ),
  },
};

/** Lanes have a test of their own, because reading an older one turns it into a state. */
const OTHER_FOLDERS = new Set(["lanes", "secrets", "messages"]);
const FIXTURES = readdirSync(ROWS)
  .filter((folder) => !OTHER_FOLDERS.has(folder))
  .flatMap((folder) => filesOf(folder).map((file) => ({ ...file, kind: `${folder}/${file.kind}` })));

function filesOf(folder: string): { name: string; kind: string; json: any }[] {
  return readdirSync(join(ROWS, folder)).map((file) => ({
    name: `${folder}/${basename(file, ".json")}`,
    kind: file.split(".")[0] ?? "",
    json: JSON.parse(readFileSync(join(ROWS, folder, file), "utf8")),
  }));
}

/** An item as the SDK has it: binary values are bytes, which are base64 in JSON. */
function itemOf(json: Record<string, Record<string, unknown>>): Item {
  const entries = Object.entries(json).map(([name, value]) => [
    name,
    "B" in value ? { B: Buffer.from(String(value["B"]), "base64") } : value,
  ]);
  return Object.fromEntries(entries);
}

/** A row with the present names of its attributes, and with bytes as base64. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const names: Record<string, string> = RENAMED_ENTRY_ATTRIBUTES;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [names[name] ?? name, comparable(part)]),
  );
}

async function readBack(kind: Kind, item: Item): Promise<unknown> {
  await dynamo.client.send(new PutItemCommand({ TableName: kind.table, Item: item }));
  return kind.read(unmarshall(item));
}

function kindOf(name: string): Kind {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`there is no reader for rows of ${name}`);
  return kind;
}

describe("a row of an earlier version", () => {
  it.each(FIXTURES)("is read: $name", async ({ kind, json }) => {
    const item = itemOf(json);
    expect(comparable(await readBack(kindOf(kind), item))).toMatchObject(
      comparable(unmarshall(item)) as object,
    );
  });

  it.each(FIXTURES.filter(({ kind }) => kind === "events/entry"))(
    "has readable events: $name",
    async ({ json }) => {
      const entry = entrySchema.parse(unmarshall(itemOf(json)));
      expect(linesOf(entry)).toHaveLength(entry.count);
    },
  );
});

describe("a row of a later version", () => {
  it.each(FIXTURES)(
    "is read without the attributes that this version does not know: $name",
    async ({ kind, json }) => {
      const item = { ...itemOf(json), attributeOfALaterVersion: { S: "x" } };
      const read = await readBack(kindOf(kind), item);
      expect(read).toBeDefined();
      expect(read).not.toHaveProperty("attributeOfALaterVersion");
    },
  );
});

describe("the fixtures", () => {
  it.each(Object.entries(KINDS))("have every attribute of %s", (name, { attributes }) => {
    const present = new Set(
      FIXTURES.filter(({ kind }) => kind === name).flatMap(({ json }) => Object.keys(json)),
    );
    expect(attributes.filter((attribute) => !present.has(attribute))).toEqual([]);
  });
});

describe("a secret of an earlier version", () => {
  it.each(filesOf("secrets"))("is read: $name", async ({ name, json }) => {
    const database = openDatabase(":memory:");
    database.exec("CREATE TABLE secrets (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT");
    const store = openSecretStore(database, () => Date.now());
    const service = createSecretsManager({ store, now: () => Date.now() });
    const endpoint = await startHttpEndpoint({ services: { secretsmanager: service } });
    const client = new SecretsManagerClient({
      endpoint: endpoint.url,
      region: "eu-west-1",
      credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
    });
    const version = "0123456789abcdef0123456789abcdef";
    const created = { Name: name, ClientRequestToken: version, SecretString: JSON.stringify(json) };
    await client.send(new CreateSecretCommand(created));
    const read = await createSecretReader(client, () => Date.now()).readSecret(name, version);
    client.destroy();
    await endpoint.close();
    database.close();
    expect(read).toMatchObject(json);
  });

  it("has every property in a fixture", () => {
    const present = new Set(filesOf("secrets").flatMap(({ json }) => Object.keys(json)));
    expect(shapeOf(destinationSecretSchema).filter((name) => !present.has(name))).toEqual([]);
  });
});

describe("a message of an earlier version", () => {
  const messages = filesOf("messages");

  it.each(messages.filter(({ kind }) => kind === "wake-up"))("wakes its lane: $name", ({ json }) => {
    expect(wakeUpSchema.parse({ ...json, propertyOfALaterVersion: "x" })).toEqual(json);
  });

  it.each(messages.filter(({ kind }) => kind === "purge-task"))(
    "asks for a purge: $name",
    async ({ json }) => {
      const asked: string[] = [];
      const world = createRetentionWorld({ plan: "free" });
      const handler = createPurgeWorkspaceHandler({
        purge: {
          journal: world.journal,
          store: world.store,
          workspaces: { readWorkspace: async (id) => void asked.push(id) },
          plans: PLANS,
          settings: DEFAULT_RETENTION,
          clock: world.now,
          pause: async () => {},
          receiptClosed: async () => "recorded",
          retentionChanged: async () => {},
          undeliveredExpiring: async () => {},
        },
        cleanUp: async () => {},
        tasks: { add: async () => {} },
        log: createRecordedLog(),
        metrics: createRecordedMetrics(),
      });
      const record = { messageId: "1", body: JSON.stringify({ ...json, propertyOfALaterVersion: "x" }) };
      await handler(
        { Records: [record] },
        contextWith(() => 60_000),
      );
      expect(asked).toEqual([json.workspace]);
    },
  );

  it("has every property in a fixture", () => {
    const present = new Set(
      messages.filter(({ kind }) => kind === "wake-up").flatMap(({ json }) => Object.keys(json)),
    );
    expect(shapeOf(wakeUpSchema).filter((name) => !present.has(name))).toEqual([]);
  });
});
