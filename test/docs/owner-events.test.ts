import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import type { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { App, Stack } from "aws-cdk-lib";
import { EventBus, EventField, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { SnsTopic } from "aws-cdk-lib/aws-events-targets";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createOwnerEvents, createOwnerNotices } from "../../lambdas/adapters/owner-bus.ts";
import type { Notice, NoticeKind } from "../../lambdas/core/lane/owner-notice.ts";
import { createPurgeNotices } from "../../lambdas/core/retention/purge-notices.ts";
import { compilePattern } from "@trailcast/local-stack/aws";
import { destinationRow } from "../helpers/in-memory-lanes.ts";
import {
  createInMemoryDestinations,
  createInMemoryEntries,
  createInMemoryWorkspaces,
  createRecordedLog,
  createRecordedMetrics,
  workspaceRow,
} from "../helpers/in-memory-stores.ts";
import { PLANS } from "../helpers/sample-events.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/operate.md"), "utf8");
const [, rest = ""] = page.split("\n## Tell owners\n");
const [section = ""] = rest.split("\n## ");

function blocks(language: string): string[] {
  return [...section.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, "gs"))].map(
    ([, text = ""]) => text,
  );
}

const exampleSchema = z.object({
  "detail-type": z.string(),
  source: z.string(),
  detail: z.record(z.string(), z.string()),
});
const examples = blocks("json").map((text) => exampleSchema.parse(JSON.parse(text)));
const [failing, expiring] = examples as [z.infer<typeof exampleSchema>, z.infer<typeof exampleSchema>];
const field = (example: { detail: Record<string, string> }, name: string): string =>
  example.detail[name] ?? "";

/** A client that records what is sent, and the code under test that sends through it the events that the page shows. */
function capturing() {
  const sent: z.infer<typeof exampleSchema>[] = [];
  const client = {
    send: async ({ input }: PutEventsCommand) => {
      for (const { DetailType = "", Source = "", Detail = "{}" } of input.Entries ?? [])
        sent.push({ "detail-type": DetailType, source: Source, detail: JSON.parse(Detail) });
      return { FailedEntryCount: 0 };
    },
  } as unknown as EventBridgeClient;
  return { client, sent };
}

const recorderAt = (time: string) => ({
  entries: createInMemoryEntries(),
  clock: () => Date.parse(time),
  random: (bytes: number) => new Uint8Array(bytes).fill(7),
  settings: {
    eventTypePrefix: "pro.atmos",
    sourceBaseUrl: "https://app.example.com",
    plans: PLANS,
    shards: {},
  },
});

async function sentNotice(kind: NoticeKind): Promise<z.infer<typeof exampleSchema> | undefined> {
  const { client, sent } = capturing();
  const notice: Notice = {
    kind,
    workspace: workspaceRow(field(failing, "workspace")),
    destination: { destination: field(failing, "destination"), name: field(failing, "name") },
    lane: field(failing, "lane"),
    key: "key",
    at: field(failing, "at"),
    reason: field(failing, "reason"),
    failingSince: field(failing, "failingSince"),
    advice: field(failing, "advice"),
  };
  await createOwnerNotices("owners", recorderAt(notice.at), client).tell(notice);
  return sent[0];
}

async function sentExpiring(): Promise<z.infer<typeof exampleSchema> | undefined> {
  const { client, sent } = capturing();
  const [workspace, destination] = [field(expiring, "workspace"), field(expiring, "destination")];
  const row = destinationRow({ workspace, destination, name: field(expiring, "name") });
  const { undeliveredExpiring } = createPurgeNotices({
    workspaces: createInMemoryWorkspaces(workspaceRow(workspace)),
    destinations: createInMemoryDestinations(row),
    events: createOwnerEvents("owners", client),
    recorder: recorderAt(field(expiring, "at")),
    log: createRecordedLog(),
    metrics: createRecordedMetrics(),
  });
  await undeliveredExpiring(workspace, destination, field(expiring, "oldestUndeliveredAt"));
  return sent[0];
}

/** Every kind of notice; the compiler rejects a missing one. */
const KINDS = { failing: 1, recovered: 1, suspended: 1, resumed: 1 } satisfies Record<NoticeKind, 1>;

describe("docs/operate.md on events for owners", () => {
  it("shows the sent events field by field", async () => {
    expect(examples).toHaveLength(2);
    expect(await sentNotice("failing")).toEqual(failing);
    expect(await sentExpiring()).toEqual(expiring);
  });

  it("lists every detail-type that is sent, and no other", async () => {
    const sent = [];
    for (const kind of ["failing", "recovered", "suspended", "resumed"] as const)
      sent.push(await sentNotice(kind));
    expect(sent).toHaveLength(Object.keys(KINDS).length);
    const listed = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
    expect(listed).toEqual([...sent, await sentExpiring()].map((event) => event?.["detail-type"]));
  });

  it("has a valid rule that matches the examples, and a topic that EventBridge may publish to", () => {
    const stack = new Stack(new App(), "Owners");
    const names = { EventField, Rule, RuleTargetInput, SnsTopic, Topic, EmailSubscription };
    const audit = { ownerBus: new EventBus(stack, "Bus") };
    const code = (blocks("ts")[0] ?? "").replaceAll(/^import .*$/gm, "");
    compileFunction(code, [...Object.keys(names), "audit"]).call(stack, ...Object.values(names), audit);
    const template = Template.fromStack(stack);
    template.hasResourceProperties("AWS::SNS::TopicPolicy", {
      PolicyDocument: {
        Statement: [
          { Effect: "Allow", Action: "sns:Publish", Principal: { Service: "events.amazonaws.com" } },
        ],
      },
    });
    const [rule] = Object.values(template.findResources("AWS::Events::Rule"));
    const pattern = rule?.["Properties"].EventPattern;
    const wants = compilePattern("the page's rule", pattern);
    expect(examples.map((example) => wants(example))).toEqual([true, true]);
    expect(wants({ ...failing, "detail-type": "Destination resumed" })).toBe(false);
    const [, fromShell = ""] = /--event-pattern '(.*?)'/s.exec(blocks("sh")[0] ?? "") ?? [];
    expect(JSON.parse(fromShell)).toEqual(pattern);
  });
});
