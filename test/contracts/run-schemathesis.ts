/**
 * Runs `schemathesis` with the OpenAPI document against its own local stack. Fails on a 5xx, on an undocumented
 * response, and when the API accepts input that the document excludes. Takes about a minute and a half, with the same
 * cases each time.
 *
 * Needs `python3` with venv, and PyPI on the first run. `npm run schemathesis` passes its arguments to schemathesis
 * (`--seed 2`).
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createApiClient } from "../../cli/api-client.ts";
import { startPracticeReceiver } from "../../local/receiver/practice-receiver.ts";
import { startLocalTrailcast } from "../../local/local-trailcast.ts";
import { synthesise } from "../../local/synthesise.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const VENV = join(ROOT, ".cache", "schemathesis");
const REQUIREMENTS = join(import.meta.dirname, "schemathesis-requirements.txt");
const SCOPES = "events:write events:read destinations:read destinations:write entitlements:write";
const WS = "/v1/workspaces/ws_1";

/**
 * Omitted checks: `positive_data_acceptance`, since no schema can express which cursors, plans or versions exist;
 * `unsupported_method`, since API Gateway answers 404, not 405.
 */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
  "missing_required_header",
  "ignored_auth",
  "use_after_free",
  "ensure_resource_availability",
];

/** Resolves with the exit code. */
function run(command: string, args: readonly string[], cwd: string = ROOT): Promise<number> {
  const child = spawn(command, args, { stdio: "inherit", cwd });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const code = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}

/** Installs the requirements, once for each version of the requirements file. */
async function install(): Promise<void> {
  const mark = join(VENV, "installed");
  const digest = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
  if (existsSync(mark) && readFileSync(mark, "utf8") === digest) return;
  mkdirSync(dirname(VENV), { recursive: true });
  await must("python3", ["-m", "venv", VENV]);
  const pip = ["install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS];
  await must(join(VENV, "bin", "pip"), pip);
  writeFileSync(mark, digest);
}

/** Creates a workspace and a destination with a delivery, which most operations need. */
async function prepare(apiUrl: string, token: string, receiverUrl: string): Promise<Record<string, string>> {
  const api = createApiClient(apiUrl, token);
  await api.call("PUT", `${WS}/entitlement`, { plan: "enterprise" });
  const created = await api.call("POST", `${WS}/destinations`, { name: "a", url: `${receiverUrl}/a` });
  const { id: dst } = created.body as { id: string };
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { body } = await api.call("GET", `${WS}/destinations/${dst}/deliveries`);
    const [first] = (body as { items: { id: string }[] }).items;
    if (first !== undefined) return { ws: "ws_1", dst, whd: first.id };
    if (Date.now() > deadline) throw new Error("Nothing was delivered within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Path parameters that exist; without them, most requests would end in a 404. */
function configuration(parameters: Readonly<Record<string, string>>): string {
  const lines = Object.entries(parameters).map(([name, value]) => `"path.${name}" = "${value}"`);
  // A missing If-Match is answered 428 (RFC 6585). A workspace that has ended (410) or a body that is too large (413)
  // is refused before anything else is checked.
  const refusals = ["400", "401", "403", "404", "409", "410", "413", "415", "422", "428", "429"];
  const statuses = [
    "[checks]",
    'missing_required_header.expected-statuses = ["400", "428"]',
    `negative_data_rejection.expected-statuses = ${JSON.stringify(refusals)}`,
  ];
  return [...statuses, "[parameters]", ...lines, ""].join("\n");
}

await install();
const dir = await mkdtemp(join(tmpdir(), "trailcast-schemathesis-"));
const runtime = await startLocalTrailcast({ ...(await synthesise()), dir });
const receiver = await startPracticeReceiver({ dir, clock: runtime.clock.now });
try {
  const token = await runtime.token({ workspaces: "*", scope: SCOPES });
  const parameters = await prepare(runtime.apiUrl, token, receiver.url);
  const schemathesis = async (
    name: string,
    found: Readonly<Record<string, string>>,
    args: readonly string[],
  ): Promise<number> => {
    const file = join(dir, `${name}.toml`);
    writeFileSync(file, configuration(found));
    const bounds = [
      "--max-examples",
      "25",
      "--request-timeout",
      "20",
      "--continue-on-failure",
      "--workers",
      "2",
    ];
    const what = ["--checks", CHECKS.join(","), "--header", `Authorization: Bearer ${token}`];
    const all = [
      `--config-file=${file}`,
      "run",
      `${runtime.apiUrl}/openapi.json`,
      ...what,
      ...bounds,
      "--seed",
      "1",
      ...args,
    ];
    return run(join(VENV, "bin", "schemathesis"), [...all, ...process.argv.slice(2)], dir);
  };
  // Order of the operations: reads first, then those that create, change and remove, and last those that end a
  // workspace.
  const keep = ["--exclude-operation-id", "deleteEntitlement", "--exclude-operation-id", "deleteDestination"];
  const codes = [
    await schemathesis("existing", parameters, ["--phases", "examples,coverage,fuzzing", ...keep]),
    await schemathesis("made", { ws: "ws_1" }, [
      "--phases",
      "stateful",
      "--exclude-operation-id",
      "deleteEntitlement",
    ]),
    await schemathesis("any", {}, ["--phases", "coverage"]),
  ];
  process.exitCode = codes.some((code) => code !== 0) ? 1 : 0;
} finally {
  await runtime.stop();
  await receiver.stop();
  await rm(dir, { recursive: true, force: true });
}
