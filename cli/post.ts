import { createHash } from "node:crypto";
import type { Command } from "commander";
import * as z from "zod";
import { apiCommand, type ApiOptions } from "./api-access.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./output.ts";
import { readText } from "./read-text.ts";

interface PostOptions extends ApiOptions {
  idempotencyKey?: string;
}

const EXAMPLES = `
Examples:
  $ npx trailcast post events.ndjson --workspace ws_demo
  $ echo '{"category":"sign_in","action":"succeeded","actor":{"type":"user","id":"usr_1"}}' | npx trailcast post - --workspace ws_demo

The file has one JSON event per line, or is a JSON array of events. They are posted 100 at a time, in order. Posting the same file again
records nothing twice: each request's Idempotency-Key is derived from its position and content (or from its position and --idempotency-key).`;

const EVENTS_A_POST = 100;
const recordedSchema = z.object({ duplicate: z.boolean(), events: z.array(z.object({ id: z.string() })) });

/** Adds `trailcast post`. */
export function addPostCommand(program: Command): void {
  const command = apiCommand<PostOptions>(
    "post",
    { path: "/events", scope: "events:write" },
    async ({ api, path, options }) => {
      const events = readEvents(command.args[0] ?? "-");
      for (let from = 0; from < events.length; from += EVENTS_A_POST) {
        const batch = events.slice(from, from + EVENTS_A_POST);
        // The position gives equal batches, and batches with the same `--idempotency-key`, different keys.
        const key = `${options.idempotencyKey ?? digestOf(batch)}-${from}`;
        const { body } = await api.call("POST", path, { events: batch }, { "idempotency-key": key });
        const recorded = recordedSchema.parse(body);
        for (const { id } of recorded.events) print(`${id}${recorded.duplicate ? "  recorded before" : ""}`);
      }
    },
  )
    .description("record events from a file")
    .argument("<file>", "events as JSON; - reads standard input")
    .option("--idempotency-key <text>", "prefix of the requests' idempotency keys")
    .addHelpText("after", EXAMPLES);
  program.addCommand(command);
}

function readEvents(file: string): unknown[] {
  const text = readText(file);
  const lines = text.trimStart().startsWith("[")
    ? [text]
    : text.split("\n").filter((line) => line.trim() !== "");
  const events = lines.flatMap((line, index) => {
    try {
      const parsed: unknown = JSON.parse(line);
      return Array.isArray(parsed) ? parsed : [parsed];
    } catch {
      throw new CliError(`Line ${index + 1} of ${file} is not JSON.`);
    }
  });
  if (events.length === 0) {
    throw new CliError(
      `There are no events in ${file === "-" ? "standard input" : file}: nothing was recorded.`,
    );
  }
  return events;
}

function digestOf(events: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(events)).digest("hex").slice(0, 32);
}
