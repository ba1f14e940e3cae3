import { randomBytes } from "node:crypto";
import { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { createDeliveryLog, createDeliveryLogReader } from "../../lambdas/adapters/delivery-log.ts";
import { createEntryStore } from "../../lambdas/adapters/entry-store.ts";
import { createJournalStore } from "../../lambdas/adapters/journal-store.ts";
import { createRegistryReader } from "../../lambdas/adapters/registry-reader.ts";
import { createRegistryWriter } from "../../lambdas/adapters/registry-writer.ts";
import { createSecretStore } from "../../lambdas/adapters/secret-store.ts";
import type { TestResult } from "../../lambdas/core/api/delivery-api.ts";
import type { DeliveryNote, DeliveryOutcome } from "../../lambdas/core/delivery/delivery-record.ts";
import type { DestinationSecret } from "../../lambdas/core/destination/destination.ts";
import { linesOf } from "../../lambdas/core/entry/entry-body.ts";
import { entrySchema } from "../../lambdas/core/entry/entry.ts";
import type { RecordedEvent } from "../../lambdas/core/entry/recorded-event.ts";
import type { Page } from "../../lambdas/core/journal/page.ts";
import { DEFAULT_RETENTION } from "../../lambdas/core/workspace/retention.ts";
import { DELIVERIES, EVENTS, JOURNAL, REGISTRY } from "../../lambdas/core/base/table-schema.ts";
import type { ManageDependencies } from "../../lambdas/manage/dependencies.ts";
import { createManageHandler } from "../../lambdas/manage/manage-workspaces.ts";
import {
  openSecretStore,
  createSecretsManager,
  createDynamoDb,
  openDatabase,
  startHttpEndpoint,
} from "@trailcast/local-stack/aws";
import { violationsOf } from "./openapi-conformance.ts";
import { claims, lambdaContext } from "./http-events.ts";
import {
  createInMemoryWakeUps,
  createRecordedLog,
  type InMemoryWakeUps,
  type RecordedLog,
} from "./in-memory-stores.ts";

export const NOW = Date.parse("2026-11-23T05:00:00.000Z");
export const PLANS = {
  free: { retentionDays: 7, forwarding: false, maxDestinations: 0 },
  enterprise: { retentionDays: 365, forwarding: true, maxDestinations: 3 },
};
const ALL_SCOPES = "events:read destinations:read destinations:write entitlements:write";

const TEST_RESULT: TestResult = {
  ok: true,
  attempt: {
    id: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
    at: "2026-11-23T05:00:00.000Z",
    outcome: "delivered",
    statusCode: 200,
    durationMs: 5,
    error: null,
    code: null,
    dns: { verdict: "public", addresses: ["203.0.113.10"] },
    address: "203.0.113.10",
    tls: { version: "TLSv1.3" },
    phases: { dnsMs: 1 },
    answer: "",
    signedContent: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD.1.[]",
  },
};

export interface Answer {
  status: number;
  headers: Record<string, string>;
  // What a test looks at: any JSON.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

export interface Ask {
  body?: unknown;
  /** Raw body, instead of `body`. */
  text?: string;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  workspaces?: string;
  scope?: string;
  subject?: string;
}

/** The management API over real SDK clients of the DynamoDB and Secrets Manager stand-ins. */
export interface Management {
  dependencies: ManageDependencies;
  clock: { now: number };
  wakeUps: InMemoryWakeUps;
  /** Workspaces for which a purge was requested. */
  purges: string[];
  log: RecordedLog;
  /** Requests to the delivery function. */
  tests: { workspace: string; destination: string }[];
  /** Each is awaited before and after a call to a port; a test can throw from it. */
  steps: { before(step: string): void; after(step: string): void; seen: string[] };
  /** Fails when the response does not conform to the OpenAPI document. */
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  putPage(page: Page): Promise<void>;
  note(note: DeliveryNote): Promise<DeliveryOutcome>;
  secretNames(): Promise<string[]>;
  /** What deliver would read for a destination. */
  secretOf(workspace: string, destination: string): Promise<DestinationSecret>;
  /** Trailcast's own events in a workspace, oldest first. */
  recorded(workspace: string): Promise<RecordedEvent[]>;
  close(): Promise<void>;
}

function table(name: string, partition: string, sort: string, sortType = "S"): Record<string, unknown> {
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: partition, KeyType: "HASH" },
      { AttributeName: sort, KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: partition, AttributeType: "S" },
      { AttributeName: sort, AttributeType: sortType },
    ],
  };
}

export async function startManagement(
  changes: Partial<ManageDependencies["settings"]> = {},
): Promise<Management> {
  const clock = { now: NOW };
  const database = openDatabase(":memory:");
  database.exec("CREATE TABLE secrets (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT");
  const dynamoService = createDynamoDb({
    database,
    clock: () => clock.now,
    region: "eu-west-1",
    accountId: "111111111111",
  });
  dynamoService.createTable(table("Events", EVENTS.partition, EVENTS.entry));
  dynamoService.createTable(table("Journal", JOURNAL.workspace, JOURNAL.page, "N"));
  dynamoService.createTable(table("Registry", REGISTRY.workspace, REGISTRY.item));
  dynamoService.createTable(table("Deliveries", DELIVERIES.destination, DELIVERIES.delivery));
  const secretsService = createSecretsManager({
    store: openSecretStore(database, () => clock.now),
    now: () => clock.now,
  });
  const endpoint = await startHttpEndpoint({
    services: { DynamoDB_20120810: dynamoService, secretsmanager: secretsService },
  });
  const settings = {
    endpoint: endpoint.url,
    region: "eu-west-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
    maxAttempts: 1,
  };
  const dynamo = new DynamoDBClient(settings);
  const secretsClient = new SecretsManagerClient(settings);
  const steps: Management["steps"] = { before: () => {}, after: () => {}, seen: [] };
  const tests: Management["tests"] = [];
  const wakeUps = createInMemoryWakeUps();
  const purges: string[] = [];
  const log = createRecordedLog();
  const journal = createJournalStore(dynamo, "Journal");
  const { note } = createDeliveryLog(dynamo, "Deliveries");
  const dependencies: ManageDependencies = {
    registry: {
      ...createRegistryReader(dynamo, "Registry"),
      ...createRegistryWriter(dynamo, { registry: "Registry", events: "Events" }),
    },
    secrets: createSecretStore(secretsClient),
    journal,
    entries: createEntryStore(dynamo, "Events"),
    wakeUps,
    purgeTasks: { add: async (workspaces) => void purges.push(...workspaces) },
    deliveries: createDeliveryLogReader(dynamo, "Deliveries"),
    deliveryLog: { note },
    tester: {
      test: async (workspace, destination) => {
        tests.push({ workspace, destination });
        return TEST_RESULT;
      },
    },
    allowance: { loopback: false, ca: [] },
    settings: {
      eventTypePrefix: "pro.atmos",
      sourceBaseUrl: "https://app.example.com",
      plans: PLANS,
      shards: {},
      retention: DEFAULT_RETENTION,
      upgradeUrl: "https://app.example.com/upgrade",
      secretPrefix: "trailcast/Trailcast/",
      deliveryLogDays: 30,
      scopePrefix: "",
      ...changes,
    },
    clock: () => clock.now,
    random: (bytes) => randomBytes(bytes),
    log,
  };
  const watched = watch(dependencies, steps);
  const handler = createManageHandler(watched);
  return {
    dependencies: watched,
    clock,
    wakeUps,
    purges,
    log,
    tests,
    steps,
    async ask(method, path, ask = {}) {
      const body = ask.text ?? (ask.body === undefined ? undefined : JSON.stringify(ask.body));
      const answer = await handler(
        {
          version: "2.0",
          routeKey: `${method} ${path}`,
          rawPath: path,
          headers: { "content-type": "application/json", ...ask.headers },
          ...(ask.query !== undefined && { queryStringParameters: ask.query }),
          requestContext: {
            http: { method, path },
            authorizer: {
              jwt: { claims: claims(ask.workspaces ?? "[ws_1]", ask.scope ?? ALL_SCOPES, ask.subject) },
            },
          },
          ...(body !== undefined && { body }),
          isBase64Encoded: false,
        },
        lambdaContext,
      );
      const { statusCode, headers = {} } = answer;
      const shown = {
        status: statusCode,
        headers,
        body: answer.body === undefined ? undefined : JSON.parse(answer.body),
      };
      const violations = violationsOf(method, path, shown);
      if (violations.length > 0) throw new Error(violations.join("\n"));
      return shown;
    },
    putPage: async (page) => void (await journal.putPage(page)),
    note,
    async secretNames() {
      const { SecretList = [] } = await secretsClient.send(new ListSecretsCommand({}));
      return SecretList.map(({ Name = "" }) => Name);
    },
    async secretOf(workspace, destination) {
      const row = await dependencies.registry.readDestination(workspace, destination);
      return dependencies.secrets.readSecret(row?.secretName ?? "", row?.secretVersion ?? "");
    },
    async recorded(workspace) {
      const { Items } = await dynamo.send(
        new QueryCommand({
          TableName: "Events",
          KeyConditionExpression: "#partition = :workspace",
          ExpressionAttributeNames: { "#partition": EVENTS.partition },
          ExpressionAttributeValues: { ":workspace": { S: workspace } },
        }),
      );
      return (Items ?? [])
        .map((item) => entrySchema.parse(unmarshall(item)))
        .toSorted((a, b) => (a.recordedAt < b.recordedAt ? -1 : 1))
        .flatMap((entry) => linesOf(entry).map((line) => JSON.parse(line) as RecordedEvent));
    },
    async close() {
      dynamo.destroy();
      secretsClient.destroy();
      await endpoint.close();
      database.close();
    },
  };
}

/** Announces each call to a port before and after it is made. */
function watch(dependencies: ManageDependencies, steps: Management["steps"]): ManageDependencies {
  const stepped = <Store extends object>(store: Store, names: readonly (keyof Store & string)[]): Store => {
    const wrapped = { ...store };
    for (const name of names) {
      const act = store[name] as unknown as (...parts: unknown[]) => Promise<unknown>;
      const step = async (...parts: unknown[]): Promise<unknown> => {
        steps.seen.push(name);
        steps.before(name);
        const result = await act(...parts);
        steps.after(name);
        return result;
      };
      Object.assign(wrapped, { [name]: step });
    }
    return wrapped;
  };
  return {
    ...dependencies,
    registry: stepped(dependencies.registry, ["commit", "removeRow"]),
    secrets: stepped(dependencies.secrets, ["createSecret", "changeSecret", "deleteSecret", "readSecret"]),
    wakeUps: stepped(dependencies.wakeUps, ["send"]),
    deliveryLog: stepped(dependencies.deliveryLog, ["note"]),
  };
}
