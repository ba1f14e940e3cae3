import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type PracticeReceiver, startPracticeReceiver } from "../../../local/receiver/practice-receiver.ts";
import { judgeRequest, type ReceivedRequest } from "../../../local/receiver/verdict.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const EVENT = { specversion: "1.0", id: "aud_1", source: "https://x.example/", type: "pro.atmos.a.b" };

function signed(changes: { body?: string; at?: number; contentType?: string } = {}): ReceivedRequest {
  const { body = JSON.stringify([EVENT]), at = Date.now() } = changes;
  const timestamp = new Date(Math.floor(at / 1000) * 1000);
  return {
    at,
    path: "/siem",
    headers: {
      "content-type": changes.contentType ?? "application/cloudevents-batch+json; charset=utf-8",
      "webhook-id": "whd_1",
      "webhook-timestamp": String(timestamp.getTime() / 1000),
      "webhook-signature": new Webhook(SECRET).sign("whd_1", timestamp, body),
    },
    body,
  };
}

describe("the receiver's verdict", () => {
  it("is verified for a signed batch and a signed single event", () => {
    expect(judgeRequest(signed(), SECRET, Date.now())).toMatchObject({
      kind: "verified",
      events: [{ id: "aud_1" }],
    });
    const single = signed({
      body: JSON.stringify(EVENT),
      contentType: "application/cloudevents+json; charset=utf-8",
    });
    expect(judgeRequest(single, SECRET, Date.now())).toMatchObject({ kind: "verified" });
  });

  it("is forged when a byte of the body differs, the secret is another or the time is too long ago", () => {
    const tampered = { ...signed(), body: JSON.stringify([{ ...EVENT, id: "aud_2" }]) };
    expect(judgeRequest(tampered, SECRET, Date.now()).kind).toBe("forged");
    const other = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
    expect(judgeRequest(signed(), other, Date.now()).kind).toBe("forged");
    expect(judgeRequest(signed({ at: Date.now() - 600_000 }), SECRET, Date.now()).kind).toBe("forged");
  });

  it("uses the stack's time when its clock runs ahead", () => {
    const at = Date.now() + 86_400_000;
    expect(judgeRequest(signed({ at }), SECRET, at).kind).toBe("verified");
    expect(judgeRequest(signed({ at }), SECRET, at + 600_000).kind).toBe("forged");
    expect(judgeRequest({ ...signed({ at }), body: "[]" }, SECRET, at).kind).toBe("forged");
  });

  it("is malformed for a signed body that is not CloudEvents", () => {
    const body = JSON.stringify([{ id: "aud_1" }]);
    expect(judgeRequest(signed({ body }), SECRET, Date.now()).kind).toBe("malformed");
    expect(judgeRequest(signed(), undefined, Date.now()).kind).toBe("unknown-secret");
  });
});

describe("the receiver", () => {
  const dir = mkdtempSync(join(tmpdir(), "trailcast-receiver-"));
  const file = join(dir, "received.ndjson");
  let receiver: PracticeReceiver;
  beforeAll(async () => {
    receiver = await startPracticeReceiver({ dir, file });
  });
  afterAll(async () => {
    await receiver.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
  });

  it("does not start when the file cannot be written, and continues when that fails later", async () => {
    const nowhere = join(dir, "nowhere", "received.ndjson");
    await expect(startPracticeReceiver({ dir, file: nowhere })).rejects.toMatchObject({
      code: "ENOENT",
      path: nowhere,
    });
    const full = Promise.withResolvers<Error>();
    const onFullDisk = await startPracticeReceiver({ dir, file: "/dev/full", onUnkept: full.resolve });
    const url = onFullDisk.url;
    expect((await post("/any", "[]", "whd_1", url)).status).toBe(200);
    expect(await full.promise).toMatchObject({ code: "ENOSPC" });
    expect((await post("/any", "[]", "whd_2", url)).status).toBe(200);
    await onFullDisk.stop();
  });

  function post(
    path: string,
    body = "[]",
    id = "whd_1",
    url = receiver.url,
  ): Promise<{ status: number; retryAfter?: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${url}${path}`,
        { method: "POST", ca: readFileSync(join(dir, "tls", "ca.pem")), headers: { "webhook-id": id } },
        (incoming) => {
          incoming.destroy();
          const { statusCode: status = 0, headers } = incoming;
          const retryAfter = headers["retry-after"];
          resolve(retryAfter === undefined ? { status } : { status, retryAfter });
        },
      );
      // Only the path that never answers is aborted; any other may be slow on a busy machine.
      if (path === "/hang") outgoing.setTimeout(400, () => outgoing.destroy(new Error("no answer")));
      outgoing.on("error", reject).end(body);
    });
  }

  it("answers as the path asks for", async () => {
    expect(await post("/any")).toEqual({ status: 200 });
    expect(await post("/respond/429?retry-after=7")).toEqual({ status: 429, retryAfter: "7" });
    expect(await post("/gone")).toEqual({ status: 410 });
    expect(await post("/redirect")).toEqual({ status: 302 });
    expect(await post("/drip")).toEqual({ status: 200 });
    expect(await post("/limit?events=1", "[{},{}]")).toEqual({ status: 413 });
    await expect(post("/hang")).rejects.toThrow("no answer");
    await expect(post("/reset")).rejects.toThrow(/hang up|ECONNRESET/);
  });

  it("refuses each delivery of a flaky path as often as asked, then accepts it", async () => {
    const statuses = [];
    for (const id of ["whd_a", "whd_a", "whd_b", "whd_a"]) {
      statuses.push((await post("/flaky?failures=2", "[]", id)).status);
    }
    expect(statuses).toEqual([500, 500, 500, 200]);
  });

  it("keeps every request as a line for `trailcast verify --chain`", async () => {
    await post("/kept", '[{"a":1}]', "whd_kept");
    await vi.waitFor(() => {
      const lines = readFileSync(file, "utf8").trim().split("\n");
      expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
        path: "/kept",
        headers: { "webhook-id": "whd_kept" },
        body: '[{"a":1}]',
      });
    });
  });
});
