#!/usr/bin/env node
// Plain JavaScript that runs on Node 20 and later. It starts the command line on the pinned Node 24, which runs
// TypeScript directly.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PINNED_MAJOR = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "cli", "main.ts");
// An installed package contains no TypeScript sources, because Node does not strip types under node_modules.
const isPacked = !existsSync(source);
const main = isPacked ? join(root, "dist", "cli", "main.js") : source;

/** Finds the Node executable in the platform packages of npm's `node`. */
function pinnedNode() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const names = [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`];
  const executable = process.platform === "win32" ? "node.exe" : "node";
  return names
    .map((name) => join(root, "node_modules", name, "bin", executable))
    .find((file) => existsSync(file));
}

/** @param {string} node */
function runOn(node) {
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // A terminal sends its interrupt to both processes; the child decides when to end.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`Cannot start ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`trailcast: ${message}\n`);
  process.exitCode = 1;
}

const pinned = pinnedNode();
if (pinned !== undefined) runOn(pinned);
else if (Number.parseInt(process.versions.node, 10) >= PINNED_MAJOR) runOn(process.execPath);
else if (isPacked)
  fail(`Trailcast needs Node ${PINNED_MAJOR} (https://nodejs.org); this is ${process.version}.`);
else if (!existsSync(join(root, "node_modules")))
  fail(`Nothing is installed yet. Run \`npm ci\` in ${root}.`);
else
  fail(
    `Trailcast needs Node ${PINNED_MAJOR}; this is ${process.version}, and there is no packaged Node for ` +
      `${process.platform}-${process.arch} in node_modules.\n` +
      `Run \`npm ci\` in ${root} without --omit=optional, or install Node ${PINNED_MAJOR} (https://nodejs.org).`,
  );
