import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  CancelMessageMoveTaskCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeEndpoints } from "../../local/endpoints.ts";
import {
  createFlowUser,
  type FlowStack,
  type FlowUser,
  startFlowStack,
  waitForArrivals,
} from "../helpers/flow-stack.ts";
import { startEchoingReceiver } from "../helpers/echoing-receiver.ts";
import { postedEvent } from "../helpers/sample-events.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");

let stack: FlowStack;
let user: FlowUser;

beforeAll(async () => {
  stack = await startFlowStack();
  const { apiUrl, consoleUrl, awsEndpointUrl, outputs } = stack.runtime;
  const endpoints = { apiUrl, consoleUrl, awsEndpointUrl, receiverUrl: stack.receiver.url, pid: process.pid };
  writeEndpoints(stack.dir, endpoints, { Trailcast: { ...outputs } });
  user = await createFlowUser({ apiUrl, dir: stack.dir, receiver: stack.receiver });
  await user.register("ws_1");
}, 120_000);
afterAll(async () => stack?.stop());

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function trailcast(...args: string[]): Promise<Ended> {
  try {
    const all = [LAUNCHER, ...args, "--data", stack.dir];
    return { code: 0, ...(await promisify(execFile)(process.execPath, all)) };
  } catch (error) {
    return error as Ended;
  }
}

const client = () => ({
  endpoint: stack.runtime.awsEndpointUrl,
  region: "us-east-1",
  credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "any" },
});

describe("the command line on a running stack", () => {
  it("creates, lists and tests a destination", async () => {
    const url = `${stack.receiver.url}/cli`;
    const words = `destinations create --workspace ws_1 --name CLI --url ${url}`.split(" ");
    const created = await trailcast(...words);
    const secret = /whsec_\S+/.exec(created.stdout)?.[0] ?? "";
    const id = /dst_\S+/.exec(created.stdout)?.[0] ?? "";
    stack.receiver.setSecret("/cli", secret);
    expect((await trailcast("destinations", "list", "--workspace", "ws_1")).stdout).toContain(`${id}  `);
    const tested = await trailcast("destinations", "test", id, "--workspace", "ws_1");
    expect(JSON.parse(tested.stdout)).toMatchObject({ ok: true });
    const refused = await trailcast("destinations", "test", "dst_nobody", "--workspace", "ws_1");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("404") });
  });

  it("creates a certificate for the user's own receiver, which the stack then trusts", async () => {
    const out = join(stack.dir, "receiver");
    const names = ["--name", "siem.localhost"];
    const made = await trailcast("certificate", "--out", out, ...names);
    expect(made.stdout).toBe(`${join(out, "cert.pem")}\n${join(out, "key.pem")}\n`);
    const [cert, key] = await Promise.all(["cert.pem", "key.pem"].map((name) => readFile(join(out, name))));
    expect(new X509Certificate(cert!).checkHost("siem.localhost")).toBe("siem.localhost");
    const receiver = createServer({ cert: cert!, key: key! }, (_request, response) => response.end());
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/own`;
    await user.register("ws_own");
    const id = await user.createDestination("ws_own", "/own", { url });
    const tested = await trailcast("destinations", "test", id, "--workspace", "ws_own");
    expect(JSON.parse(tested.stdout)).toMatchObject({ ok: true, attempt: { statusCode: 200 } });
    await trailcast("destinations", "delete", id, "--yes", "--workspace", "ws_own");
    receiver.closeAllConnections();
    receiver.close();
  }, 90_000);

  it("edits, pauses and deletes a destination", async () => {
    const on = (...words: string[]) => trailcast("destinations", ...words, "--workspace", "ws_edit");
    await user.register("ws_edit");
    const id = await user.createDestination("ws_edit", "/edited", { headers: { "X-Old": "1" } });
    const path = `/v1/workspaces/ws_edit/destinations/${id}`;
    const edits = ["--name", "Edited", "--header", "X-New: 2", "--remove-header", "X-Old"];
    expect(await on("edit", id, ...edits, "--event-type", "pro.atmos.other.*")).toMatchObject({ code: 0 });
    expect((await user.api.call("GET", path)).body).toMatchObject({
      name: "Edited",
      eventTypes: ["pro.atmos.other.*"],
      headers: { "X-New": "[redacted]" },
    });
    await on("disable", id);
    await user.post("ws_edit", 3);
    await stack.runtime.waitIdle();
    const enable = async (...from: string[]): Promise<number> => {
      const { stdout } = await on("enable", id, ...from);
      return (JSON.parse(stdout) as { startsAt: { page: number } }).startsAt.page;
    };
    const stopped = await enable();
    await on("disable", id);
    expect(await enable("--from", "now")).toBeGreaterThan(stopped);
    expect(await on("enable", id, "--from", "yesterday")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("(from)"),
    });
    expect((await on("delete", id, "--yes")).stdout).toMatch(/^dst_\S+ {2}Edited {2}https.*\ndeleted$/m);
    await expect(user.api.call("GET", path)).rejects.toThrow("404");
  }, 90_000);

  it("registers a workspace, puts its log on hold and ends it", async () => {
    const entitlements = (...words: string[]) => trailcast("entitlements", ...words, "--workspace", "ws_new");
    expect((await entitlements("show")).stderr).toContain("404");
    const put = await entitlements("put", "--plan", "enterprise", "--retention-days", "1", "--hold", "on");
    expect(put.stdout).toMatch(
      /^ws_new {2}enterprise {2}kept 1 day {2}up to \d+ destinations {2}hold pending$/m,
    );
    expect((await entitlements("put", "--plan", "enterprise")).stdout).toMatch(/kept \d+ days .*hold /);
    expect((await entitlements("put", "--plan", "enterprise", "--hold", "off")).stdout).toContain("no hold");
    expect((await entitlements("delete", "--yes")).stdout).toBe("ws_new  ended\n");
    expect((await entitlements("show")).stdout).toMatch(/ended 2\d+-/);
  }, 90_000);

  it("exits with 1 when a receiver refuses the test event, and says why", async () => {
    const refusing = await startEchoingReceiver(stack.dir);
    const url = `${refusing.url}/refuse/it`;
    const words = `destinations create --workspace ws_1 --name Refusing --url ${url}`.split(" ");
    const id = /dst_\S+/.exec((await trailcast(...words)).stdout)?.[0] ?? "";
    const tested = await trailcast("destinations", "test", id, "--workspace", "ws_1");
    expect(tested.code).toBe(1);
    expect(JSON.parse(tested.stdout)).toMatchObject({ ok: false, attempt: { outcome: "refused" } });
    await trailcast("destinations", "disable", id, "--workspace", "ws_1");
    refusing.stop();
  });

  it("posts a file of events, and records it once even if it is repeated", async () => {
    const file = join(stack.dir, "events.ndjson");
    const events = Array.from({ length: 120 }, () => JSON.stringify(postedEvent()));
    await writeFile(file, `${events.join("\n")}\n`);
    const first = await trailcast("post", file, "--workspace", "ws_1");
    const ids = first.stdout.trim().split("\n");
    expect(ids).toHaveLength(120);
    const again = await trailcast("post", file, "--workspace", "ws_1");
    expect(again.stdout.trim().split("\n")).toEqual(ids.map((id) => `${id}  recorded before`));
    expect((await waitForArrivals(stack.receiver, "/cli", 120)).ids).toEqual(ids);
  });

  it("retries, skips and replays deliveries", async () => {
    const refusing = await startEchoingReceiver(stack.dir);
    const on = (...words: string[]) => trailcast("destinations", ...words, "--workspace", "ws_1");
    const id = await user.createDestination("ws_1", "/unused", { url: `${refusing.url}/refuse/it` });
    await user.post("ws_1", 1);
    const open = () => on("deliveries", id, "--outcome", "retry");
    await expect.poll(async () => (await open()).stdout, { timeout: 30_000 }).toMatch(/retry .*500 .*next 2/);
    const delivery = /whd_\S+/.exec((await open()).stdout)?.[0] ?? "";
    expect(await on("retry", id, delivery)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^${delivery} .*: retry requested$`, "m")),
    });
    expect(await on("skip", id, delivery)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("give --yes to confirm that"),
    });
    const marked = (await on("skip", id, delivery, "--yes")).stdout;
    expect(marked).toMatch(/ \d+ events? .*: skip requested$/m);
    expect(marked).toContain("The outcome changes to skipped within a minute");
    const skipped = async (): Promise<string> => (await on("deliveries", id, "--outcome", "skipped")).stdout;
    // A waiting lane runs when its wake-up becomes visible again, within a minute.
    await expect.poll(skipped, { timeout: 90_000 }).toContain(delivery);
    const times = ["--from", "2020-01-01T00:00:00Z", "--to", "2099-01-01T00:00:00Z"];
    expect((await on("replay", id, ...times, "--dry-run")).stdout).toMatch(
      /^\d+ events would be delivered$/m,
    );
    const path = `/v1/workspaces/ws_1/destinations/${id}`;
    expect((await user.api.call("GET", `${path}/replays`)).body).toMatchObject({ items: [] });
    const started = /rpl_\S+/.exec((await on("replay", id, ...times)).stdout)?.[0];
    expect((await user.api.call("GET", `${path}/replays/${started}`)).body).toMatchObject({ id: started });
    const replays = (...words: string[]) => trailcast("replays", ...words, "--workspace", "ws_1");
    const shown = new RegExp(`^${started} {2}running {2}\\d+ % of \\d+ events {2}2020-\\S+ to 2099-`, "m");
    expect((await replays("list", id)).stdout).toMatch(shown);
    expect((await replays("show", id, started ?? "")).stdout).toMatch(shown);
    expect((await replays("cancel", id, started ?? "")).stdout).toMatch(`${started}  cancelled  `);
    await user.api.call("DELETE", path);
    refusing.stop();
  }, 180_000);

  it("proves with --chain that a receiver missed nothing, and names what it missed", async () => {
    const requests = stack.receiver.received.filter(({ path }) => path === "/cli");
    const write = async (name: string, kept: readonly object[]): Promise<string> => {
      const file = join(stack.dir, name);
      await writeFile(file, kept.map((request) => JSON.stringify(request)).join("\n"));
      return file;
    };
    const whole = await trailcast("verify", "--chain", await write("whole.ndjson", requests));
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing is missing") });
    const live = requests.filter(({ headers }) => headers["x-webhook-chain"]?.startsWith("live;"));
    const holed = [...live.slice(0, 1), ...live.slice(2)];
    const missing = await trailcast("verify", "--chain", await write("holed.ndjson", holed));
    const lost = live[1]?.headers["x-webhook-id"] ?? "";
    expect(missing).toMatchObject({ code: 1, stdout: expect.stringContaining(lost) });
  });

  it("redrives dead wake-ups and quarantined entries, and reports a failed move", async () => {
    const sqs = new SQSClient(client());
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: stack.runtime.outputs["WakeUpDeadQueueUrl"],
        MessageBody: JSON.stringify({ workspace: "ws_1", destination: "dst_gone", lane: "live" }),
        MessageGroupId: "dst_gone.live",
        MessageDeduplicationId: "one",
      }),
    );
    let ended: Ended | undefined;
    // A move runs asynchronously, so the first look at it may come too early. A message that was sent to the
    // dead-letter queue directly has no source queue, so it stays.
    await expect
      .poll(async () => (ended = await trailcast("redrive")).stdout, { timeout: 60_000 })
      .toMatch(/^wake-ups: the move failed: CouldNotDetermineMessageSource$/m);
    expect(ended?.code).toBe(1);
    expect(ended?.stdout).toMatch(/^wake-ups: moving back about 1 messages$/m);
    expect(ended?.stdout).toMatch(/^slow wake-ups: nothing to move$/m);
    expect(ended?.stdout).toMatch(/^quarantine: 0 journalled/m);
    sqs.destroy();
  }, 90_000);

  it("lets a running move continue, and still redrives the quarantine", async () => {
    const sqs = new SQSClient(client());
    const url = stack.runtime.outputs["WakeUpDeadQueueUrl"];
    for (let index = 0; index < 60; index++) {
      const group = `dst_gone${index}.live`;
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: JSON.stringify({ workspace: "ws_1", destination: `dst_gone${index}`, lane: "live" }),
          MessageGroupId: group,
          MessageDeduplicationId: group,
        }),
      );
    }
    const arnOf = async (output: string): Promise<string | undefined> => {
      const QueueUrl = stack.runtime.outputs[output];
      const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] });
      return (await sqs.send(ask)).Attributes?.["QueueArn"];
    };
    const { TaskHandle: task } = await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: await arnOf("WakeUpDeadQueueUrl"),
        DestinationArn: await arnOf("WakeUpQueueUrl"),
        MaxNumberOfMessagesPerSecond: 1,
      }),
    );
    const { stdout, code } = await trailcast("redrive");
    await sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle: task }));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^wake-ups: a move is already running, \d+ of about \d+ so far$/m);
    expect(stdout).toMatch(/^quarantine: 0 journalled/m);
    sqs.destroy();
  });

  it("verifies the journal, and finds a changed byte", async () => {
    const whole = await trailcast("verify", "--journal");
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ ws_1 .* 0 findings/) });
    await changeOneEntry();
    const tampered = await trailcast("verify", "--journal", "--workspace", "ws_1");
    expect(tampered).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/✗ ws_1 page \d+: altered entry/),
    });
  });

  it("destroys the secrets of all destinations, but only after a confirmation", async () => {
    const refused = await trailcast("destroy-data");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("--yes") });
    expect(await trailcast("destroy-data", "--yes")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("2 secrets deleted"),
    });
    const secrets = new SecretsManagerClient(client());
    expect((await secrets.send(new ListSecretsCommand({}))).SecretList).toEqual([]);
    secrets.destroy();
  });
});

/** Changes the table as an insider with write access could. */
async function changeOneEntry(): Promise<void> {
  const table = stack.runtime.outputs["EventsTable"];
  const { Items: items } = await stack.dynamo.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: "#partition = :workspace",
      ExpressionAttributeNames: { "#partition": "partition" },
      ExpressionAttributeValues: { ":workspace": { S: "ws_1" } },
      Limit: 1,
    }),
  );
  const { partition, entry } = items![0]!;
  await stack.dynamo.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { partition: partition!, entry: entry! },
      UpdateExpression: "SET #body = :body",
      ExpressionAttributeNames: { "#body": "body" },
      ExpressionAttributeValues: { ":body": { B: Buffer.from("{}") } },
    }),
  );
}
