import { readFileSync } from "node:fs";
import * as z from "zod";
import {
  type ChainFinding,
  type ChainOfLane,
  type KeptRequest,
  verifyChain,
} from "../lambdas/core/delivery/verify-chain.ts";
import { CliError } from "./cli-error.ts";

const keptSchema = z.object({
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  path: z.string().optional(),
});

const MEANINGS: Readonly<Record<ChainFinding["kind"], string>> = {
  "no-chain": "no readable X-Webhook-Chain",
  "bad-signature": "signed by none of the secrets",
  missing: "never came",
  "broken-link": "does not name the delivery before it",
  "double-number": "another delivery had this number",
  "changed-body": "came again with another body",
};

/** Verifies a file of kept requests and prints what it found; answers whether everything holds. */
export function verifyChainFile(
  file: string,
  secrets: readonly string[],
  print: (line: string) => void,
): boolean {
  const { lanes, findings } = verifyChain(readRequests(file), secrets);
  for (const lane of lanes) print(describeLane(lane));
  for (const finding of findings) print(`  ✗ ${describeFinding(finding)}`);
  if (secrets.length === 0) print("Signatures were not checked: give the destination's secret by --secret.");
  print(findings.length === 0 ? "Nothing is missing." : `${findings.length} findings.`);
  return findings.length === 0;
}

function readRequests(file: string): KeptRequest[] {
  return readText(file)
    .split("\n")
    .flatMap((line, index) => {
      if (line.trim() === "") return [];
      const parsed = keptSchema.safeParse(parseJson(line));
      if (parsed.success) return [parsed.data];
      throw new CliError(`Line ${index + 1} of ${file} is not { "headers": {…}, "body": "…" }.`);
    });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new CliError(`Cannot read ${file}.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describeLane({ path, lane, first, last, deliveries, repeats }: ChainOfLane): string {
  const where = path === "" ? lane : `${path} ${lane}`;
  const again = repeats === 0 ? "" : `, ${repeats} came again`;
  const begun = first === 1 ? "" : " (kept from there on)";
  return `${where}  #${first} to #${last}${begun}: ${deliveries} deliveries${again}`;
}

function describeFinding({ kind, request, lane, number, toNumber, delivery }: ChainFinding): string {
  const numbers = toNumber === undefined || toNumber === number ? `#${number}` : `#${number} to #${toNumber}`;
  const what = number === undefined ? `request ${request + 1}` : `${lane ?? ""} ${numbers}`;
  return `${what}: ${MEANINGS[kind]}${delivery === undefined ? "" : ` (${delivery})`}`;
}
