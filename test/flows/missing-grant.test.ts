import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startPracticeReceiver } from "../../local/receiver/practice-receiver.ts";
import { type LocalTrailcast, startLocalTrailcast } from "../../local/local-trailcast.ts";
import { synthesise } from "../../local/synthesise.ts";
import type { Template } from "@trailcast/local-stack";
import { createFlowUser } from "../helpers/flow-stack.ts";

let dir: string;
let runtime: LocalTrailcast;
let stop: () => Promise<void>;

/** Removes an action from every statement of the policies whose id contains `owner`. */
function withoutGrant(template: Template, owner: string, action: string): Template {
  const text = JSON.stringify(template, (key, value: unknown) => {
    if (key !== "Action") return value;
    const actions = Array.isArray(value) ? value : [value];
    const left = actions.filter((one) => one !== action);
    return left.length === 0 ? "none:None" : left;
  });
  const edited = JSON.parse(text) as Template;
  const resources = Object.entries(template.Resources).map(([id, resource]) => [
    id,
    id.includes(owner) && resource.Type === "AWS::IAM::Policy" ? edited.Resources[id] : resource,
  ]);
  return { ...template, Resources: Object.fromEntries(resources) as Template["Resources"] };
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "trailcast-grant-"));
  const receiver = await startPracticeReceiver({ dir });
  runtime = await startLocalTrailcast({
    ...(await synthesise()),
    dir,
    editTemplate: (template) => withoutGrant(template, "FanOutFunction", "dynamodb:PutItem"),
  });
  stop = async () => {
    await runtime.stop();
    await receiver.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  const user = await createFlowUser({ apiUrl: runtime.apiUrl, dir, receiver });
  await user.register("ws_1");
  await user.createDestination("ws_1", "/never");
}, 120_000);
afterAll(async () => stop?.());

describe("a permission that the template does not grant", () => {
  it("makes the run fail with the function, action and resource", async () => {
    await vi.waitFor(
      () =>
        expect(runtime.denials).toContainEqual(
          expect.objectContaining({
            principal: expect.stringContaining("FanOutFunction"),
            action: "dynamodb:PutItem",
            resource: expect.stringMatching(/^arn:aws:dynamodb:[^/]+:table\/.*Journal/),
          }),
        ),
      { timeout: 20_000 },
    );
  });
});
