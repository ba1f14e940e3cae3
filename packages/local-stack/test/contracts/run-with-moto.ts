/**
 * Runs the DynamoDB and SQS contracts against the local stand-ins and against `moto` in server mode.
 *
 * Needs `python3` with venv, and PyPI on the first run. `npm run contracts` passes its arguments to vitest.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(import.meta.dirname, "..", "..");
const VENV = join(ROOT, ".cache", "moto");
const REQUIREMENTS = join(import.meta.dirname, "moto-requirements.txt");
const START_MS = 30_000;

/** Resolves with the exit code. */
function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(command, args, {
    stdio: "inherit",
    cwd: ROOT,
    env: { ...process.env, ...environment },
  });
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
  await must(join(VENV, "bin", "pip"), [
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "-r",
    REQUIREMENTS,
  ]);
  writeFileSync(mark, digest);
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/`)).ok;
  } catch {
    return false;
  }
}

async function startMoto(port: number): Promise<ChildProcess> {
  const child = spawn(join(VENV, "bin", "moto_server"), ["-H", "127.0.0.1", "-p", String(port)], {
    stdio: "ignore",
  });
  const deadline = Date.now() + START_MS;
  while (!(await answers(`http://127.0.0.1:${port}`))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill();
      throw new Error(`moto did not answer on port ${port} within ${START_MS / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return child;
}

await install();
const port = await freePort();
const moto = await startMoto(port);
try {
  const vitest = join(fileURLToPath(import.meta.resolve("vitest/package.json")), "..", "vitest.mjs");
  const files = ["test/contracts/dynamodb.test.ts", "test/contracts/sqs.test.ts"];
  const environment = { MOTO_URL: `http://127.0.0.1:${port}` };
  process.exitCode = await run(
    process.execPath,
    [vitest, "run", ...files, ...process.argv.slice(2)],
    environment,
  );
} finally {
  moto.kill();
}
