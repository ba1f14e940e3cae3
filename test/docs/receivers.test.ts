import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkCustomHeaders, MAX_CUSTOM_HEADERS } from "../../lambdas/core/destination/custom-headers.ts";
import { reservationOf } from "../../lambdas/core/destination/reserved-headers.ts";
import type { KeptRequest } from "../../lambdas/core/proof/kept-request.ts";
import { kept, OTHER, run, SECRET, span } from "../helpers/kept-requests.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/receivers.md"), "utf8");

const blocks = [...page.matchAll(/```python\n(.*?)```/gs)].map(([, code = ""]) => code);
const code = blocks.find((block) => block.startsWith("def follows(")) ?? "";

/** Processes requests one after another as the page's comment says, and prints a line for each. */
const DRIVER = `
import base64, hmac, json, sys
${code}
given = json.load(sys.stdin)
key, last = base64.b64decode(given["secret"].removeprefix("whsec_")), {}
for headers in given["requests"]:
    try:
        print(follows(last, headers["X-Webhook-Chain"], headers["X-Webhook-Id"], key))
    except ValueError as error:
        print(error)
        continue
    last[headers["X-Webhook-Chain"].split(";")[0]] = headers["X-Webhook-Id"]
`;
const hasPython = spawnSync("python3", ["-c", "import hmac"]).status === 0;

function follow(requests: readonly KeptRequest[], secret = SECRET): string[] {
  const input = JSON.stringify({ secret, requests: requests.map(({ headers }) => headers) });
  const { status, stdout, stderr } = spawnSync("python3", ["-c", DRIVER], { input, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout.trim().split("\n");
}

describe.skipIf(!hasPython)("the Python of docs/receivers.md", () => {
  it("accepts a complete chain with repeats and interleaved lanes", () => {
    const replay = span("replay", 1, 2, { lane: "rpl_1" });
    const requests = [...run(1, 2, 2, 2), replay[0]!, kept(3), replay[1]!, replay[1]!, kept(3), kept(4)];
    expect(follow(requests)).toEqual(requests.map(() => "True"));
  });

  it("accepts either secret during a rotation", () => {
    const during = kept(2, { secrets: [OTHER, SECRET] });
    expect(follow([kept(1), during])).toEqual(["True", "True"]);
    expect(follow([kept(1, { secrets: [OTHER] }), during], OTHER)).toEqual(["True", "True"]);
  });

  it("reports where a delivery is missing, and continues from there", () => {
    expect(follow(run(1, 3, 4))).toEqual(["True", "False", "True"]);
    expect(follow(run(2, 3))).toEqual(["False", "True"]);
  });

  it("refuses requests that were altered or signed with another secret", () => {
    const { headers, body } = kept(2);
    const renumbered = headers["X-Webhook-Chain"]!.replace(";2;", ";3;");
    const altered = { headers: { ...headers, "X-Webhook-Chain": renumbered }, body };
    const refusal = "not from the owner of the secret";
    const foreign = { headers: { ...headers, "X-Webhook-Chain": "live;2;whd_1;v1,é" }, body };
    expect(follow([kept(1), altered, kept(2, { secrets: [OTHER] }), foreign, kept(2)])).toEqual([
      "True",
      refusal,
      refusal,
      refusal,
      "True",
    ]);
  });
});

describe("custom headers in docs/receivers.md", () => {
  const [, section = ""] = page.split("\n## Ask for a header of your own\n");
  const [, allowed = "", reserved = ""] =
    /^(.*)\*\*Reserved\*\*(.*?) and \[their like\]/s.exec(section) ?? [];
  const namesIn = (text: string): string[] =>
    [...text.matchAll(/`([A-Z][a-zA-Z]*(?:-[A-Z*][a-zA-Z]*)*)`/g)].map(([, name = ""]) => name);

  it("have only reserved names listed as reserved, and an allowed name as the example", () => {
    const names = namesIn(reserved);
    expect(names).toContain("Authorization");
    expect(names.filter((name) => reservationOf(name.replace("*", "Any")) === undefined)).toEqual([]);
    expect(allowed).toContain('"X-Api-Key"');
    expect(checkCustomHeaders({ "X-Api-Key": "key" })).toEqual({ kind: "allowed" });
  });

  it("have their maximum number stated", () => {
    expect(section).toContain(`up to ${MAX_CUSTOM_HEADERS} headers`);
  });
});
