import pc from "picocolors";
import type { ReceivedRequest, Verdict } from "../receiver/verdict.ts";
import type { RuntimeProblem } from "@trailcast/local-stack";

/** Where lines are written, and whether they may have colour. */
export interface Terminal {
  line(text?: string): void;
  colours: ReturnType<typeof pc.createColors>;
}

/** Uses colour only on a terminal and not with `NO_COLOR` (https://no-color.org). */
export function createTerminal(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Terminal {
  const colourful = stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return {
    line: (text = "") => void stream.write(`${text}\n`),
    colours: pc.createColors(colourful),
  };
}

/** Prints a heading with a rule under it. */
export function heading(terminal: Terminal, text: string): void {
  terminal.line();
  terminal.line(terminal.colours.bold(text));
}

/** Prints a label and a value in two columns. */
export function fact(terminal: Terminal, label: string, value: string): void {
  terminal.line(`  ${terminal.colours.dim(label.padEnd(12))} ${value}`);
}

/** Prints an arriving batch: id, number of events, signature, place in the chain and latency. */
export function printBatch(
  terminal: Terminal,
  request: ReceivedRequest,
  verdict: Verdict,
  latencyMs: number | undefined,
): void {
  const { colours } = terminal;
  const id = request.headers["x-webhook-id"] ?? "(no id)";
  const latency = latencyMs === undefined ? "" : `${Math.round(latencyMs)} ms`;
  const [lane = "", number = ""] = (request.headers["x-webhook-chain"] ?? "").split(";");
  const place = number === "" ? "no chain" : `${lane} #${number}`;
  terminal.line(
    [
      verdict.kind === "verified" ? colours.green("✓") : colours.red("✗"),
      colours.cyan(id),
      columnOf(verdict).padEnd(10),
      describeVerdict(terminal, verdict),
      colours.dim(place.padEnd(9)),
      latency.padStart(7),
    ]
      .join("  ")
      .trimEnd(),
  );
}

function columnOf(verdict: Verdict): string {
  if (verdict.kind !== "verified") return "";
  const { length } = verdict.events;
  return `${String(length).padStart(3)} ${length === 1 ? "event" : "events"}`;
}

export function eventCount(count: number): string {
  return `${count} event${count === 1 ? "" : "s"}`;
}

function describeVerdict({ colours }: Terminal, verdict: Verdict): string {
  switch (verdict.kind) {
    case "verified":
      return colours.green("signature valid");
    case "unknown-secret":
      return colours.yellow("secret not known here");
    case "forged":
      return colours.red(`signature INVALID: ${verdict.reason}`);
    case "malformed":
      return colours.red(`signature valid, but no CloudEvents: ${verdict.reason}`);
  }
}

/** Prints a completed step of the start; `since` is a time of `performance.now()`. */
export function printStep({ line, colours }: Terminal, what: string, since: number): void {
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  line(`  ${colours.green("✓")} ${what} ${colours.dim(`${seconds} s`)}`);
}

/** Prints that something has begun that takes a while. */
export function printNote({ line, colours }: Terminal, what: string): void {
  line(colours.dim(`    ${what}`));
}

/** Prints an error inside the stack. */
export function printProblem({ line, colours }: Terminal, problem: RuntimeProblem): void {
  line(
    colours.red(
      problem.kind === "denied"
        ? `  ✗ denied: ${problem.denial.message}`
        : `  ✗ ${problem.function} failed on ${problem.source}: ${problem.error}`,
    ),
  );
}
