import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type ApiClient, ApiRefusedError } from "../../cli/api-client.ts";
import { CliError } from "../../cli/cli-error.ts";
import { openDeliveryLog } from "../../cli/delivery-log-of.ts";
import { type ChainProof, verifyChainFiles } from "../../cli/verify-chain-file.ts";
import { writeDemoState } from "../../local/demo/state.ts";
import type { KeptRequest } from "../../lambdas/core/proof/verify-chain.ts";
import { idOf, kept, OTHER, run, SECRET, span } from "../helpers/kept-requests.ts";
import { scratchDirectory } from "../helpers/scratch.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
const dir = scratchDirectory("chain");
let files = 0;

function fileOf(requests: readonly object[]): string {
  const file = join(dir, `${++files}.ndjson`);
  writeFileSync(file, requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
  return file;
}

async function verify(
  requests: readonly KeptRequest[] | readonly KeptRequest[][],
  proof: Partial<ChainProof> = {},
): Promise<{ holds: boolean; lines: string[] }> {
  const lines: string[] = [];
  const groups = requests.some(Array.isArray) ? requests : [requests];
  const names = groups.map((group) => fileOf(group as object[]));
  const all = { secrets: [SECRET], after: [], logs: [], ...proof };
  const holds = await verifyChainFiles(names, all, (line) => lines.push(line));
  return {
    holds,
    lines: lines.map((line) => names.reduce((text, name, at) => text.replaceAll(name, `file${at}`), line)),
  };
}

describe("the report on a received file", () => {
  it("shows the range of each lane and what was proved", async () => {
    expect(await verify([...run(1, 2, 2), kept(3)])).toEqual({
      holds: true,
      lines: ["live #1 to #3: 3 deliveries, 1 received again", "Nothing is missing from live #1 to #3."],
    });
  });

  it("stays short with many test events, and uses the singular for one delivery", async () => {
    const tests = Array.from({ length: 5 }, (_, index) =>
      kept(1, { lane: `tst_${index}`, id: `whd_t${index}` }),
    );
    expect((await verify([kept(1), ...tests])).lines).toEqual([
      "live #1: 1 delivery",
      "5 test events",
      "Nothing is missing from live #1.",
    ]);
    expect((await verify(tests.slice(0, 1))).lines.at(-1)).toBe("Nothing is missing from 1 test event.");
  });

  it("distinguishes destinations by their path or by their secret", async () => {
    const secrets = [SECRET, OTHER];
    const both = (one: string, two: string): KeptRequest[] => [
      ...span("a", 1, 2, { path: one }),
      ...span("b", 1, 3, { path: two, secrets: [OTHER] }),
    ];
    expect((await verify(both("/one", "/two"), { secrets })).lines.at(-1)).toBe(
      "Nothing is missing from /one live #1 to #2 and /two live #1 to #3.",
    );
    expect((await verify(both("/siem", "/siem"), { secrets })).lines.at(-1)).toBe(
      "Nothing is missing from live of secret 1 #1 to #2 and live of secret 2 #1 to #3.",
    );
  });

  it("says when signatures were not checked, and when a secret matched no signature", async () => {
    expect((await verify(run(1), { secrets: [] })).lines).toContain(
      "Signatures were not checked: give the destination's secret with --secret.",
    );
    expect(await verify(run(1), { secrets: [SECRET, OTHER] })).toMatchObject({
      holds: true,
      lines: expect.arrayContaining(["Secret 2 signed none of the requests."]),
    });
  });
});

describe("a file that begins in the middle", () => {
  it("is reported with the missing delivery before it", async () => {
    const { holds, lines } = await verify(run(41, 42));
    expect(holds).toBe(false);
    expect(lines).toContain("  ✗ live begins at #41: whd_40, the delivery before it, is missing");
    expect(lines.at(-1)).toBe("1 finding.");
  });

  it("is complete after the previous file, or after a delivery named by --after", async () => {
    expect(await verify([run(1, 2), run(2, 3, 4)])).toMatchObject({ holds: true });
    const { holds, lines } = await verify(run(41, 42), { after: ["whd_40"] });
    expect(holds).toBe(true);
    expect(lines).toEqual([
      "live #41 to #42, after whd_40: 2 deliveries",
      "Nothing is missing from live #41 to #42.",
    ]);
  });

  it("shows that its beginning was cut off", async () => {
    expect((await verify([run(1, 2), run(4, 5)])).holds).toBe(false);
    expect((await verify(run(42), { after: ["whd_40"] })).lines).toContain(
      "  ✗ no delivery in the files follows whd_40",
    );
  });
});

describe("the findings of a broken chain", () => {
  it.each<[string, readonly KeptRequest[], string]>([
    ["a gap", run(1, 3), "live #2 (before line 2): refused by the receiver or never received (whd_2)"],
    ["the order", run(1, 3, 2), "live #2 (line 3): first received after #3 (whd_2)"],
    [
      "a link",
      [kept(1), kept(2, { previousId: "whd_9" })],
      "live #2 (line 2): does not name the delivery before it (whd_2)",
    ],
    [
      "a double",
      [kept(1), kept(1, { id: "whd_x" })],
      "live #1 (line 2): another delivery had this number (whd_x)",
    ],
    [
      "a body",
      [kept(1), kept(1, { body: "[]" })],
      "live #1 (line 2): received again with a different body (whd_1)",
    ],
    ["no chain", [kept(1), { headers: {}, body: "" }], "line 2: no readable X-Webhook-Chain"],
  ])("%s", async (_, requests, line) => {
    const { holds, lines } = await verify(requests);
    expect(holds).toBe(false);
    expect(lines).toContain(`  ✗ ${line}`);
    expect(lines.at(-1)).toBe("1 finding.");
  });

  it("include a wrong secret once, not once for each request", async () => {
    const { lines } = await verify(run(1, 2, 3), { secrets: [OTHER] });
    expect(lines.filter((line) => line.includes("✗"))).toEqual([
      "  ✗ 3 requests: signed with none of the secrets, or altered, the first at line 1 (live #1, whd_1)",
    ]);
  });
});

const DELIVERY = {
  lane: "live",
  parent: null,
  format: "cloudevents-batch",
  count: 1,
  first: { page: 1, index: 0 },
  end: { page: 1, index: 1 },
  createdAt: "2026-11-23T05:00:00.000Z",
  updatedAt: "2026-11-23T05:00:00.000Z",
  closedAt: null,
  nextAttemptAt: null,
  attempts: [],
};

describe("with the delivery log", () => {
  /** A log of deliveries 1 to 9 of a destination with these outcomes, `delivered` by default. */
  const logOf = async (
    outcomes: Readonly<Record<number, string>> = {},
    newest = 9,
  ): Promise<ChainProof["logs"]> => {
    const record = (number: number) => ({
      ...DELIVERY,
      id: idOf(number),
      number,
      previousId: idOf(number - 1),
      outcome: outcomes[number] ?? "delivered",
    });
    const all = Array.from({ length: newest }, (_, index) => record(newest - index));
    const api: ApiClient = {
      call: async (_method, path) => {
        const [, id] =
          /^\/v1\/workspaces\/ws_1\/destinations\/dst_1\/deliveries(?:\/(\w+))?/.exec(path) ?? [];
        const body =
          id === undefined
            ? { items: all.filter(({ outcome }) => outcome === "delivered"), nextCursor: null }
            : all.find((one) => one.id === id);
        if (body === undefined) throw new ApiRefusedError(`GET ${path}`, 404, undefined, "");
        return { status: 200, headers: new Headers(), body };
      },
    };
    return [await openDeliveryLog(api, "ws_1", "dst_1")];
  };

  it("distinguishes a number that was closed without a 2xx from a lost one", async () => {
    const requests = run(1, 3, 7, 8, 9);
    const logs = await logOf({ 2: "split", 4: "recut", 5: "expired", 6: "skipped" });
    expect(await verify(requests, { logs })).toEqual({
      holds: true,
      lines: [
        "live #1 to #9: 5 deliveries",
        "  · live #2: the receiver refused it as too large (413), and its halves took the next numbers (whd_2)",
        "  · live #4: superseded: the destination changed before it was delivered (whd_4)",
        "  · live #5: its events expired before the receiver accepted them (whd_5)",
        "  · live #6: skipped by its owner (whd_6)",
        "Nothing is missing from live #1 to #9, except numbers that the delivery log accounts for: 4.",
      ],
    });
    expect(
      await verify(requests, { logs: await logOf({ 2: "split", 4: "recut", 5: "expired" }) }),
    ).toMatchObject({
      holds: false,
      lines: expect.arrayContaining([
        "  ✗ live #6: accepted by the receiver, but not kept (whd_6)",
        "  · live #5: its events expired before the receiver accepted them (whd_5)",
        "1 finding.",
      ]),
    });
  });

  it("explains the numbers before the first kept one, back to the beginning or to the --after delivery", async () => {
    const closed = { 1: "recut", 2: "split", 4: "delivered", 5: "split" };
    expect(await verify(run(3, 4), { logs: await logOf(closed, 4) })).toMatchObject({
      holds: true,
      lines: expect.arrayContaining([expect.stringMatching(/^ {2}· live #1: superseded/)]),
    });
    const logs = await logOf(closed);
    const seam = { logs, after: ["whd_4"] };
    expect(await verify(run(6, 7, 8, 9), seam)).toMatchObject({ holds: true });
    expect(await verify(run(7, 8, 9), seam)).toEqual({
      holds: false,
      lines: [
        "live #7 to #9: 3 deliveries",
        "  ✗ live begins at #7: whd_6, the delivery before it, is missing",
        "  ✗ no delivery in the files follows whd_4",
        "Give the earlier file as the first --chain, or give the last delivery that you already have with --after.",
        "2 findings.",
      ],
    });
    expect(await verify(run(6, 7, 8, 9), { logs })).toMatchObject({ holds: false });
  });

  it("reports all numbers back from one that the log does not have", async () => {
    const foreign = [kept(1, { id: "whd_a" }), kept(5, { id: "whd_e", previousId: "whd_d" })];
    expect((await verify(foreign, { logs: await logOf() })).lines).toContain(
      "  ✗ live #2 to #4: not in the delivery log: too old, or it belongs to another destination (whd_d)",
    );
    // The log has that id, but with the number of another lane.
    const relabelled = [kept(1, { lane: "rpl_1" }), kept(3, { lane: "rpl_1" })];
    expect((await verify(relabelled, { logs: await logOf({ 2: "split" }) })).lines).toContain(
      "  ✗ rpl_1 #2: not in the delivery log: too old, or it belongs to another destination (whd_2)",
    );
  });

  it("detects a cut-off end by later deliveries that the receiver accepted", async () => {
    const { holds, lines } = await verify(run(1, 2, 3, 4, 5, 6), { logs: await logOf({ 8: "split" }) });
    expect(holds).toBe(false);
    expect(lines).toContain(
      "  ✗ live ends at #6: the receiver accepted 2 deliveries after it, up to #9 (whd_9)",
    );
    expect(await verify(run(1, 2, 3), { logs: await logOf({}, 3) })).toMatchObject({ holds: true });
    expect(await verify(span("b", 1, 3), { logs: await logOf() })).toMatchObject({ holds: true });
  });
});

describe("the input of verify --chain", () => {
  it.each([[""], ["\n\n"]])("is refused when the file is %j", async (text) => {
    const file = join(dir, "empty.ndjson");
    writeFileSync(file, text);
    const verified = verifyChainFiles([file], { secrets: [], after: [], logs: [] }, () => {});
    await expect(verified).rejects.toThrow(
      new CliError(`${file} contains no requests, so nothing was verified. Is it the right file?`),
    );
  });

  const whole = fileOf(run(1, 2));
  it.each<[string, string[], string]>([
    ["a file without requests", ["--chain", fileOf([])], "contains no requests"],
    [
      "a malformed secret",
      ["--chain", whole, "--secret", "hello"],
      "--secret 1 of 1 is not a secret: a secret is whsec_ and",
    ],
    ["an empty secret", ["--chain", whole, "--secret", ""], "--secret 1 of 1"],
    [
      "half a secret",
      ["--chain", whole, "--secret", SECRET, "--secret", SECRET.slice(0, 30)],
      "--secret 2 of 2",
    ],
    [
      "a destination without a workspace",
      ["--chain", whole, "--destination", "dst_1"],
      "Give --workspace, the workspace",
    ],
    ["an unreadable file", ["--chain", whole, "--chain", "/nowhere"], "Cannot read /nowhere"],
  ])("is refused when it contains %s", async (_, args, said) => {
    const ended = await trailcast("verify", ...args);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain(said);
    expect(ended.stderr).not.toContain("hello");
  });

  it("can be valid secrets, several files and a delivery to continue after", async () => {
    const [one, two] = [fileOf(run(3)), fileOf(run(4))];
    const args = ["--chain", one, "--chain", two, "--secret", OTHER, "--secret", SECRET, "--after", "whd_2"];
    expect(await trailcast("verify", ...args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Nothing is missing from live #3 to #4."),
    });
    expect((await trailcast("verify", "--chain", two, "--secret", SECRET)).code).toBe(1);
  });

  it("is verified with the demo's secret when the file is in the demo's folder", async () => {
    writeDemoState(dir, { receiverPort: 1, secret: OTHER });
    expect(await trailcast("verify", "--chain", whole)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("signed with none of the secrets"),
    });
    writeDemoState(dir, { receiverPort: 1, secret: SECRET });
    expect((await trailcast("verify", "--chain", whole)).stdout).toBe(
      "live #1 to #2: 2 deliveries\nNothing is missing from live #1 to #2.\n",
    );
  });
});

async function trailcast(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [LAUNCHER, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}
