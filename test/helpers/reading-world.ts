import { randomBytes } from "node:crypto";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { toAttributes } from "../../lambdas/adapters/dynamo.ts";
import { createEventDeliveries } from "../../lambdas/adapters/event-deliveries.ts";
import { createExportRows } from "../../lambdas/adapters/export-store.ts";
import { createReading } from "../../lambdas/adapters/journal-reading.ts";
import { createWorkspaceReader } from "../../lambdas/adapters/workspace-store.ts";
import type { ExportJob } from "../../lambdas/core/reading/export-job.ts";
import { runExport } from "../../lambdas/core/reading/run-export.ts";
import { DAY_MS } from "../../lambdas/core/workspace/retention.ts";
import { createReadEventsHandler } from "../../lambdas/read-events.ts";
import { claims, httpEvent, lambdaContext } from "./http-events.ts";
import { createRecordedLog, workspaceRow } from "./in-memory-stores.ts";
import { startLocalDynamo } from "./local-dynamo.ts";
import { createRecordedWorkspace, postedEvent } from "./recorded-workspace.ts";

export const START = Date.parse("2026-11-01T00:00:00.000Z");
const PLANS = { enterprise: { retentionDays: 7, forwarding: true, maxDestinations: 10 } };

interface Asked {
  body?: string;
  claims?: Record<string, unknown>;
  parameters?: Record<string, string>;
}

/** A response of the reading API. */
export interface Answer {
  status: number;
  type: string | undefined;
  text: string;
  json: () => any;
}

export interface ReadingWorld {
  now: number;
  recorded: ReturnType<typeof createRecordedWorkspace>;
  /** Parts of exports, by their keys. */
  objects: Map<string, string>;
  /** `/ws/…` is short for a route of a workspace, `ws_1` unless the request names another. */
  ask(route: string, query?: Record<string, string>, request?: Asked): Promise<Answer>;
  byId(id: string): Promise<Answer>;
  runJob(id: string): Promise<string>;
  job(id: string): Promise<ExportJob | undefined>;
  put(table: string, items: object[]): Promise<void>;
  close(): Promise<void>;
}

/** Calls the API as another workspace. */
export function as(workspace: string): Asked {
  return { claims: claims(`[${workspace}]`, "events:read"), parameters: { ws: workspace } };
}

/** The reading function over an empty DynamoDB stand-in with the workspaces ws_1 and ws_2, on a plan of seven days. */
export async function createReadingWorld(): Promise<ReadingWorld> {
  let now = START;
  const clock = (): number => now;
  const dynamo = await startLocalDynamo(clock);
  const recorded = createRecordedWorkspace(dynamo, clock);
  const objects = new Map<string, string>();
  const parts = {
    putPart: async (key: string, text: string) => void objects.set(key, text),
    linkTo: async (key: string) => `https://bucket.example/${key}`,
  };
  const shared = {
    workspaces: createWorkspaceReader(dynamo.client, "Registry"),
    reading: createReading(dynamo.client, "Journal", recorded.journal, recorded.entries),
    rows: createExportRows(dynamo.client, "Registry"),
    parts,
    plans: PLANS,
    clock,
    random: (bytes: number) => new Uint8Array(randomBytes(bytes)),
  };
  const handler = createReadEventsHandler({
    ...shared,
    entries: recorded.entries,
    journal: recorded.journal,
    deliveriesOf: createEventDeliveries({
      client: dynamo.client,
      registry: "Registry",
      deliveries: "Deliveries",
      eventTypePrefix: "pro.atmos",
      clock,
    }),
    starter: { start: async () => {} },
    shards: {},
    scopePrefix: "",
    log: createRecordedLog(),
  });
  const world: ReadingWorld = {
    get now() {
      return now;
    },
    set now(time) {
      now = time;
    },
    recorded,
    objects,
    ask: async (route, query = {}, request = {}) => {
      const event = httpEvent(route.replace("/ws/", "/v1/workspaces/{ws}/"), {
        query,
        claims: request.claims ?? claims("[ws_1]", "events:read"),
        parameters: { ws: "ws_1", ...request.parameters },
        ...(request.body !== undefined && { body: request.body }),
      });
      const { statusCode, headers, body = "" } = await handler(event, lambdaContext);
      return {
        status: statusCode,
        type: headers?.["content-type"],
        text: body,
        json: () => JSON.parse(body),
      };
    },
    byId: (id) => world.ask("GET /ws/events/{id}", {}, { parameters: { id } }),
    runJob: (id) => runExport("ws_1", id, { ...shared, hasTime: () => true, partBytes: 2_000 }),
    job: (id) => shared.rows.readJob("ws_1", id),
    put: async (TableName, items) => {
      for (const item of items) {
        await dynamo.client.send(new PutItemCommand({ TableName, Item: toAttributes(item) }));
      }
    },
    close: () => dynamo.close(),
  };
  await recorded.put(workspaceRow("ws_1"));
  await recorded.put(workspaceRow("ws_2"));
  return world;
}

/** Records two events a day for ten days in ws_1, whose plan keeps seven days, and one event in ws_2. */
export async function createTenDays(): Promise<ReadingWorld> {
  const world = await createReadingWorld();
  for (let day = 0; day < 10; day++) {
    world.now = START + day * DAY_MS;
    await world.recorded.record("ws_1", [
      postedEvent({ description: `first of day ${day}`, actor: { type: "user", id: `usr_${day % 2}` } }),
      postedEvent({ category: "billing", action: "paid", target: { type: "invoice", id: `inv_${day}` } }),
    ]);
  }
  await world.recorded.record("ws_2", [postedEvent({ description: "somebody else's" })]);
  return world;
}
