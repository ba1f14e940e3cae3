import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { Command } from "commander";
import * as z from "zod";
import { addApiOptions, type ApiOptions, openApi } from "./api-access.ts";
import { CliError } from "./cli-error.ts";

interface PostOptions extends ApiOptions {
  idempotencyKey?: string;
}

const EXAMPLES = `
Examples:
  $ npx trailcast post events.ndjson --workspace ws_demo
  $ echo '{"category":"sign_in","action":"succeeded","actor":{"type":"user","id":"usr_1"}}' | npx trailcast post - --workspace ws_demo

The file has one event of JSON a line, or is a JSON array of events. They are posted 100 at a time, in order. Posting the same file again
records nothing twice: each request's Idempotency-Key comes from its place and content (or begins with --idempotency-key).`;

const EVENTS_A_POST = 100;
const recordedSchema = z.object({ duplicate: z.boolean(), events: z.array(z.object({ id: z.string() })) });

/** `trailcast post` */
export function addPostCommand(program: Command): void {
  const command = new Command("post")
    .description("record events from a file")
    .argument("<file>", "events as JSON; - reads standard input")
    .option("--idempotency-key <text>", "beginning of the requests' idempotency keys")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: PostOptions) => {
      const events = readEvents(file);
      const api = await openApi(options, "events:write");
      for (let from = 0; from < events.length; from += EVENTS_A_POST) {
        const batch = events.slice(from, from + EVENTS_A_POST);
        const key = `${options.idempotencyKey ?? digestOf(batch)}-${from}`;
        const { body } = await api.call(
          "POST",
          `/v1/workspaces/${options.workspace}/events`,
          { events: batch },
          { "idempotency-key": key },
        );
        const recorded = recordedSchema.parse(body);
        for (const { id } of recorded.events) {
          process.stdout.write(`${id}${recorded.duplicate ? "  recorded before" : ""}\n`);
        }
      }
    });
  program.addCommand(addApiOptions(command));
}

function readEvents(file: string): unknown[] {
  const text = readText(file);
  const lines = text.trimStart().startsWith("[")
    ? [text]
    : text.split("\n").filter((line) => line.trim() !== "");
  return lines.flatMap((line, index) => {
    try {
      const parsed: unknown = JSON.parse(line);
      return Array.isArray(parsed) ? parsed : [parsed];
    } catch {
      throw new CliError(`Line ${index + 1} of ${file} is not JSON.`);
    }
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw new CliError(`Cannot read ${file}.`);
  }
}

function digestOf(events: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(events)).digest("hex").slice(0, 32);
}
