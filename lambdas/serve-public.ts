import type { ConsoleFiles } from "./adapters/console-files.ts";
import { type HttpAnswer, jsonAnswer } from "./adapters/http-api.ts";
import { consoleAnswer, consolePath } from "./core/api/console-file.ts";
import { openApiDocument } from "./core/api/openapi.ts";
import { PROBLEM_PAGE_HEADERS, problemPage } from "./core/api/problem-page.ts";
import type { Log } from "./core/base/log.ts";
import { type Problem, PROBLEM_BASE, problems } from "./core/base/problem.ts";
import { createEntryPoint } from "./pipeline/entry-point.ts";
import { createHttpHandler, type HttpHandler } from "./pipeline/http-handler.ts";
import { connectPublic } from "./wiring/serve-public.ts";

export interface PublicDependencies {
  version: string;
  files: ConsoleFiles;
  log: Log;
}

const CONSOLE = "/console/";

/** The routes that need no token: health, the OpenAPI document, the pages of problem types, and the console. */
export function createPublicHandler({ version, files, log }: PublicDependencies): HttpHandler {
  let document: HttpAnswer | undefined;
  return createHttpHandler(
    async ({ path }) => {
      if (path === "/v1/health") {
        return jsonAnswer(200, { status: "ok", version }, { "cache-control": "no-store" });
      }
      if (path === "/openapi.json") {
        // Created at the first request for it, because it takes some 50 ms.
        document ??= jsonAnswer(200, openApiDocument(version), { "cache-control": "public, max-age=300" });
        return document;
      }
      if (path.startsWith(PROBLEM_BASE)) return answerProblemType(path.slice(PROBLEM_BASE.length));
      if (path === "/console") return { statusCode: 308, headers: { location: CONSOLE } };
      return path.startsWith(CONSOLE)
        ? answerFile(path.slice(CONSOLE.length), files)
        : problems.notFound("route");
    },
    { log },
  );
}

function answerProblemType(kind: string): HttpAnswer | Problem {
  const body = problemPage(kind);
  return body === undefined
    ? problems.notFound("type of problem")
    : { statusCode: 200, headers: PROBLEM_PAGE_HEADERS, body };
}

async function answerFile(asked: string, files: ConsoleFiles): Promise<HttpAnswer | Problem> {
  const path = consolePath(asked);
  const answer = consoleAnswer(path);
  const content = answer === undefined ? undefined : await files.read(path);
  if (answer === undefined || content === undefined) return notFound();
  const { headers, binary } = answer;
  const body = Buffer.from(content).toString(binary ? "base64" : "utf8");
  return { statusCode: 200, headers, body, isBase64Encoded: binary };
}

function notFound(): Problem {
  return { ...problems.notFound("file"), detail: "The console has no such file. It begins at /console/." };
}

export const handler = createEntryPoint(connectPublic, createPublicHandler);
