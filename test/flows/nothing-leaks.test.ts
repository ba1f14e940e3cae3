import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, PutItemCommand, ScanCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { linesOf } from "../../lambdas/core/entry/entry-body.ts";
import { entrySchema } from "../../lambdas/core/entry/entry.ts";
import { readOutputs, outputsFile } from "../../local/endpoints.ts";
import { synthesise } from "../../local/synthesise.ts";
import { issueToken } from "../../local/token.ts";
import { ECHOING_KINDS, type EchoingReceiver, startEchoingReceiver } from "../helpers/echoing-receiver.ts";
import { ALL_SCOPES } from "../helpers/flow-stack.ts";
import { chance, findMarks, Marks } from "../helpers/marks.ts";
import { postedEvent } from "../helpers/sample-events.ts";
import { type StartedProcess, startProcess } from "../helpers/start-process.ts";

/** The workspace in which owners use everything, and the one in which an outsider damages things. */
const USED = "/v1/workspaces/ws_used";
const BROKEN = "/v1/workspaces/ws_broken";
const WORKSPACES = [USED, BROKEN];
const marks = new Marks();

interface Answered {
  what: string;
  status: number;
  text: string;
}

let dir: string;
let receiver: EchoingReceiver;
let stack: StartedProcess;
let outputs: Readonly<Record<string, string>>;
let token: string;
const answers: Answered[] = [];
/** Every row of every table as text, at the end of the session. */
let tables: Map<string, string>;
/** Every log file, and the output of the process. */
let logs: Map<string, string>;

const client = () => ({
  endpoint: stack.endpoints.awsEndpointUrl,
  region: "us-east-1",
  credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "any" },
});

/** Sends a request and keeps its response for the search, without a secret that is shown once. */
async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: any }> {
  const response = await fetch(stack.endpoints.apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = parse(text);
  const { secret, ...shown } = parsed;
  if (typeof secret === "string") marks.add("secret", secret);
  answers.push({
    what: `${method} ${path.split("?")[0]}`,
    status: response.status,
    text: `${JSON.stringify([...response.headers])}\n${typeof secret === "string" ? JSON.stringify(shown) : text}`,
  });
  return { status: response.status, body: parsed };
}

function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const header = (): Record<string, string> => ({
  "X-Api-Key": marks.add("header value", `key+${chance()}/"<&'=`),
  "X-Auth": marks.add("header value", `Bearer ${chance()}.${chance()}`),
});

/** Credentials of each type in turn. */
let authCount = 0;
function auth(): object {
  const secret = (): string => marks.add("credentials", `pw+${chance()}/"<&'=`);
  const types = [
    { type: "bearer", token: marks.add("credentials", `${chance()}.${chance()}`) },
    { type: "basic", username: `user-${authCount}`, password: secret() },
    { type: "header", name: "X-Credentials", value: secret() },
  ];
  return types[authCount++ % types.length] ?? {};
}

/** Creates a destination at the echoing receiver's `kind`, and returns its path in the API. */
async function createDestination(workspace: string, kind: string, more: object = {}): Promise<string> {
  const url = `${receiver.url}/${kind}/${chance()}?token=${marks.fresh("query")}`;
  const asked = { name: kind, url, headers: header(), auth: auth(), ...more };
  const { body, status } = await ask("POST", `${workspace}/destinations`, asked);
  expect(status).toBe(201);
  return `${workspace}/destinations/${body.id}`;
}

/** An event with a mark in every value that can have one. */
function markedEvent(): object {
  const mark = (): string => marks.fresh("payload");
  return postedEvent({
    actor: { type: mark(), id: mark(), name: mark(), email: `${mark()}@example.com` },
    target: { type: mark(), id: mark(), name: mark() },
    description: mark(),
    metadata: { [mark()]: [mark(), { [mark()]: mark() }] },
    context: { ip: mark(), userAgent: mark(), requestId: mark() },
  });
}

async function post(workspace: string, ...events: object[]): Promise<string[]> {
  const headers = {
    "idempotency-key": marks.fresh("payload"),
    "user-agent": marks.fresh("payload"),
    cookie: `session=${marks.fresh("payload")}`,
  };
  const path = `${workspace}/events?debug=${marks.fresh("query")}`;
  const { body, status } = await ask("POST", path, { events }, headers);
  expect(status).toBe(202);
  return body.events.map(({ id }: { id: string }) => id);
}

/** Actions of owners and readers, with receivers that respond in every way. */
async function useEverything(): Promise<void> {
  const kinds = ECHOING_KINDS.slice(0, 9);
  const created: string[] = [];
  for (const kind of kinds) created.push(await createDestination(USED, kind));
  const [id = ""] = await post(USED, ...Array.from({ length: 60 }, markedEvent));
  for (const destination of created) await ask("POST", `${destination}/test`);
  for (const destination of created) {
    await ask("POST", `${destination}/rotate-secret`, { graceSeconds: 3600 });
    await ask("PATCH", destination, { headers: header(), auth: auth() }, { "if-match": "*" });
  }
  await post(USED, markedEvent());
  for (const destination of created) await waitForAttempt(destination);
  for (const destination of created) await manage(destination);
  await readEvents(id);
}

async function waitForAttempt(destination: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { body } = await ask("GET", `${destination}/deliveries`);
      expect(body.items.at(-1)?.attempts.length).toBeGreaterThan(0);
    },
    { timeout: 60_000, interval: 250 },
  );
}

async function manage(destination: string): Promise<void> {
  const { body } = await ask("GET", `${destination}/deliveries`);
  for (const { id } of body.items.slice(0, 2)) {
    for (const rest of ["", "/retry", "/skip"]) {
      await ask(rest === "" ? "GET" : "POST", `${destination}/deliveries/${id}${rest}`);
    }
  }
  await ask("POST", `${destination}/disable`);
  await ask("POST", `${destination}/enable`, { from: "now" });
  const window = { from: "2020-01-01T00:00:00Z", to: "2090-01-01T00:00:00Z" };
  await ask("POST", `${destination}/replays`, { ...window, dryRun: true });
  await ask("GET", destination);
}

async function readEvents(id: string): Promise<void> {
  const q = marks.fresh("query");
  await ask("GET", `${USED}/events?q=${q}&actor=${marks.fresh("query")}`);
  await ask("GET", `${USED}/events/${id}`);
  await ask("GET", `${USED}/destinations`);
  const { body, status } = await ask("POST", `${USED}/exports`, { format: "csv", q });
  expect({ status, body }).toMatchObject({ status: 202 });
  await vi.waitFor(
    async () => expect((await ask("GET", `${USED}/exports/${body.id}`)).body.status).toBe("done"),
    { timeout: 30_000, interval: 100 },
  );
}

/** Requests that are refused, each with a mark in its invalid part. */
async function sendNonsense(): Promise<void> {
  const bad = (): string => marks.fresh("bad input");
  const events = `${USED}/events`;
  for (const body of [
    bad(),
    `{"events": [{"${bad()}`,
    { events: bad() },
    { events: [postedEvent({ time: bad() })] },
    { events: [postedEvent({ category: `X ${bad()}` })] },
    { events: [postedEvent({ description: bad().repeat(4000) })] },
    { events: [postedEvent({ metadata: bad() as any })] },
  ]) {
    await ask("POST", events, body);
  }
  await ask("POST", events, { events: [postedEvent()] }, { "idempotency-key": `é${bad()}` });
  await ask("POST", events, { events: [postedEvent()] }, { authorization: `Bearer ${bad()}` });
  for (const query of ["cursor", "from", "limit", "category"]) {
    await ask("GET", `${events}?${query}=-${bad()}`);
  }
  await ask("GET", `${events}/${bad()}`);
  await ask("GET", `/v1/workspaces/${bad()}/destinations?limit=${bad()}`);
  await ask("PUT", `${USED}/entitlement`, { plan: bad() });
  await sendBadDestinations(bad);
}

async function sendBadDestinations(bad: () => string): Promise<void> {
  const good = { name: "n", url: "https://siem.example.com" };
  for (const change of [
    { name: `\n${bad()}` },
    { url: `https://user:${bad()}@siem.example.com/?${bad()}` },
    { url: `https://10.0.0.1/?token=${bad()}` },
    { url: `https://${bad()}.internal/${bad()}` },
    { url: `http://${bad()}` },
    { format: bad() },
    { eventTypes: [`${bad()} *`] },
    { headers: { Authorization: `Bearer ${bad()}` } },
    { headers: { "X-Token": `${bad()}\r\nHost: x` } },
    { headers: { "X-Token": `${bad()}é` } },
    { headers: { "X-Token": [bad()] } },
    { headers: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`X-${index}`, bad()])) },
    { headers: { "X-Large": bad().repeat(300) } },
    { auth: { type: bad() } },
    { auth: { type: "bearer", token: `${bad()} ${bad()}` } },
    { auth: { type: "basic", username: `${bad()}:`, password: bad() } },
    { auth: { type: "header", name: "Authorization", value: bad() } },
    { auth: { type: "header", name: "X-Token", value: `${bad()}\r\nHost: x` } },
    { enabled: bad() },
  ]) {
    const { status } = await ask("POST", `${USED}/destinations`, { ...good, ...change });
    expect(status).toBe(400);
  }
  const destination = await createDestination(USED, "echo", { enabled: false });
  await ask("PATCH", destination, { name: bad() }, { "if-match": bad() });
  await ask("PATCH", destination, { url: `https://169.254.169.254/${bad()}` }, { "if-match": "*" });
  await ask("PATCH", destination, { url: `https://siem.example.com/${bad()}` }, { "if-match": "*" });
  await ask("POST", `${destination}/enable`, { from: bad() });
  await ask("POST", `${destination}/rotate-secret`, { graceSeconds: bad() });
  await ask("POST", `${destination}/replays`, { from: bad(), to: bad() });
  await ask("GET", `${destination}/deliveries?outcome=${bad()}`);
  await ask("DELETE", destination);
}

/**
 * Damage that outsiders and faults can do to tables, secrets and queues, so that Trailcast's code fails on marked
 * values.
 */
async function breakThings(): Promise<void> {
  const [dynamo, secrets] = [new DynamoDBClient(client()), new SecretsManagerClient(client())];
  const kinds = [...ECHOING_KINDS.slice(9), "refuse", "refuse", "refuse"];
  const created: string[] = [];
  for (const kind of kinds) created.push(await createDestination(BROKEN, kind));
  await post(BROKEN, markedEvent());
  for (const destination of created) await waitForAttempt(destination);
  const [row = "", shape = "", gone = ""] = created.slice(-3).map((path) => path.split("/").at(-1) ?? "");
  const secretOf = (id: string): string => `${outputs["SecretPrefix"]}ws_broken/${id}`;
  const SecretString = marks.fresh("header value");
  const put = await secrets.send(new PutSecretValueCommand({ SecretId: secretOf(shape), SecretString }));
  await setProperty(dynamo, row, "format", marks.fresh("payload"));
  await setProperty(dynamo, shape, "secretVersion", put.VersionId);
  await secrets.send(new DeleteSecretCommand({ SecretId: secretOf(gone), ForceDeleteWithoutRecovery: true }));
  await post(BROKEN, markedEvent());
  for (const destination of created.slice(-3)) {
    expect((await ask("POST", `${destination}/rotate-secret`)).status).toBe(500);
    await ask("POST", `${destination}/test`);
  }
  await breakEntries(dynamo);
  await sendBrokenMessages();
}

async function setProperty(dynamo: DynamoDBClient, id: string, name: string, value: unknown): Promise<void> {
  await dynamo.send(
    new UpdateItemCommand({
      TableName: outputs["RegistryTable"],
      Key: marshall({ workspace: "ws_broken", item: `destination#${id}` }),
      UpdateExpression: "SET #name = :value",
      ExpressionAttributeNames: { "#name": name },
      ExpressionAttributeValues: marshall({ ":value": value }),
    }),
  );
}

/** One entry that is no longer JSON, and one record that is not an entry. */
async function breakEntries(dynamo: DynamoDBClient): Promise<void> {
  const [id = ""] = await post(BROKEN, markedEvent());
  await dynamo.send(
    new UpdateItemCommand({
      TableName: outputs["EventsTable"],
      Key: marshall({ partition: "ws_broken", entry: `ent_${id.slice(4, -2)}` }),
      UpdateExpression: "SET #body = :body, #encoding = :plain",
      ExpressionAttributeNames: { "#body": "body", "#encoding": "encoding" },
      ExpressionAttributeValues: marshall({
        ":body": Buffer.from(marks.fresh("payload")),
        ":plain": "plain",
      }),
    }),
  );
  const Item = marshall({ partition: "ws_broken", entry: "ent_x", workspace: marks.fresh("payload") });
  await dynamo.send(new PutItemCommand({ TableName: outputs["EventsTable"], Item }));
  expect((await ask("GET", `${BROKEN}/events/${id}`)).status).toBe(500);
  await vi.waitFor(async () => expect((await ask("GET", `${BROKEN}/events`)).status).toBe(500));
  await ask("GET", `${BROKEN}/events/export?format=csv`);
  await ask("POST", `${BROKEN}/exports`, { format: "csv" });
}

/** Messages and invocations that Trailcast itself never sends, to every function. */
async function sendBrokenMessages(): Promise<void> {
  const [sqs, lambda] = [new SQSClient(client()), new LambdaClient(client())];
  const wakeUp = { MessageGroupId: "x", MessageDeduplicationId: chance() };
  const body = (): string => marks.fresh("payload");
  await sqs.send(
    new SendMessageCommand({ QueueUrl: outputs["WakeUpQueueUrl"], MessageBody: body(), ...wakeUp }),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl: outputs["PurgeQueueUrl"], MessageBody: body() }));
  const broken = { test: body(), scope: body(), rawPath: body(), Records: [{ body: body() }] };
  const files = await readdir(join(dir, "logs"));
  for (const name of files.filter((file) => !file.startsWith("bus-"))) {
    const FunctionName = `Trailcast-${name.replace(/\.log$/, "")}`;
    await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(broken) }));
  }
}

async function readTables(): Promise<Map<string, string>> {
  const dynamo = new DynamoDBClient(client());
  const read = new Map<string, string>();
  for (const name of ["Events", "Journal", "Registry", "Deliveries", "Quarantine"]) {
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: outputs[`${name}Table`] }));
    const rows = Items.map((item) => unmarshall(item)).map((row) => {
      const entry = entrySchema.safeParse(row);
      return JSON.stringify(row) + (entry.success ? linesOf(entry.data).join("\n") : "");
    });
    read.set(name, rows.join("\n"));
  }
  return read;
}

async function readLogs(): Promise<Map<string, string>> {
  const read = new Map([["output", stack.output()]]);
  for (const file of await readdir(join(dir, "logs"))) {
    read.set(file, await readFile(join(dir, "logs", file), "utf8"));
  }
  return read;
}

const FAILURES = ["delivery.attempted", "request.failed", "lane.failed", "record.quarantined"];

/** A lane fails when its next attempt is due, and its schedule makes it wait for up to 30 s. */
async function waitForMessages(): Promise<void> {
  await vi.waitFor(
    async () => {
      const all = [...(await readLogs()).values()].join("\n");
      for (const message of FAILURES) expect(all).toContain(message);
    },
    { timeout: 60_000, interval: 200 },
  );
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "trailcast-leaks-"));
  await synthesise();
  stack = await startProcess(dir, ["--no-demo"]);
  receiver = await startEchoingReceiver(dir);
  outputs = Object.values(readOutputs(outputsFile(dir)))[0] ?? {};
  token = await issueToken(dir, { workspaces: "*", scope: ALL_SCOPES });
  marks.add("token", token.split(".")[2] ?? "");
  for (const workspace of WORKSPACES) {
    await ask("PUT", `${workspace}/entitlement`, { plan: "enterprise" });
  }
  await useEverything();
  await sendNonsense();
  await breakThings();
  await waitForMessages();
  tables = await readTables();
  await stack.end("SIGTERM");
  logs = await readLogs();
}, 240_000);
afterAll(async () => {
  stack?.child.kill("SIGKILL");
  receiver?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe("a session with marked secrets, header values, credentials, payloads and queries", () => {
  it("sends the values that are searched for", () => {
    const sent = receiver.requests.join("\n");
    for (const kind of ["header value", "credentials", "query"]) {
      expect(findMarks(marks.of(kind), "requests", sent).length).toBeGreaterThan(9);
    }
    expect(marks.of("secret").length).toBeGreaterThan(15);
    expect(marks.all.length).toBeGreaterThan(1000);
    expect(tables.get("Deliveries")).toContain("****");
  });

  it("leaves none of them in logs or in the output of the process", () => {
    expect([...logs].flatMap(([name, text]) => findMarks(marks.all, name, text))).toEqual([]);
  });

  it("leaves no secret, header value or credentials in any table, and payloads only in the events table", () => {
    const hidden = marks.of("secret", "header value", "credentials", "token");
    expect([...tables].flatMap(([name, text]) => findMarks(hidden, name, text))).toEqual([]);
    for (const name of ["Journal", "Quarantine"]) {
      expect(findMarks(marks.of("payload", "query"), name, tables.get(name) ?? "")).toEqual([]);
    }
  });

  it("is never shown a secret, header value or credentials again", () => {
    const hidden = marks.of("secret", "header value", "credentials", "token");
    expect(answers.flatMap(({ what, text }) => findMarks(hidden, what, text))).toEqual([]);
  });

  it("is refused without an echo of the input", () => {
    const refusals = answers.filter(({ status }) => status >= 400);
    expect(refusals.length).toBeGreaterThan(30);
    const named = refusals.flatMap(({ what, status, text }) =>
      findMarks(marks.all, `${status} ${what}`, text),
    );
    expect(named).toEqual([]);
  });
});
