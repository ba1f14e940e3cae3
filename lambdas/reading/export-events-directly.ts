import type { HttpAnswer, HttpRequest } from "../adapters/http-api.ts";
import { bytesInAnswer, MAX_ANSWER_BYTES } from "../core/reading/answer-size.ts";
import { directExportParametersSchema } from "../core/api/reading-api.ts";
import { refusalOf } from "../core/api/refusal.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import { MAX_DIRECT_EXPORT_BYTES, MAX_DIRECT_EXPORT_PAGES } from "../core/reading/export-job.ts";
import { readPart } from "../core/reading/export-part.ts";
import { findPageAt, searchFrom } from "../core/journal/find-page-at.ts";
import type { Problem } from "../core/base/problem.ts";
import { windowOf } from "../core/reading/reading-window.ts";
import type { ListEventsDependencies } from "./list-events.ts";

/**
 * Answers `GET …/events/export`: exports a small window at once, oldest event first. A larger window is refused with
 * the advice to create a job.
 */
export async function exportDirectly(
  workspace: Workspace,
  request: HttpRequest,
  { reading, plans, clock }: ListEventsDependencies,
): Promise<HttpAnswer | Problem> {
  const parsed = directExportParametersSchema.safeParse(request.query);
  if (!parsed.success) return refusalOf(parsed.error);
  const { format } = parsed.data;
  const window = windowOf(workspace, plans, clock(), parsed.data);
  const first = await findPageAt(workspace.workspace, window.since, reading);
  const next = { page: first?.page ?? Number.MAX_SAFE_INTEGER, index: 0 };
  const lastRecordedAt = window.until === undefined ? undefined : searchFrom(window.until);
  const part = await readPart(
    {
      range: { workspace: workspace.workspace, ...window, next, end: undefined, lastRecordedAt },
      format,
      filter: {},
      maxBytes: MAX_DIRECT_EXPORT_BYTES,
      maxPages: MAX_DIRECT_EXPORT_PAGES,
      mayShare: () => true,
      hasTime: () => true,
    },
    reading,
  );
  if (part.next !== undefined || bytesInAnswer(part.text) > MAX_ANSWER_BYTES) return tooLarge();
  return {
    statusCode: 200,
    headers: {
      "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
      "content-disposition": `attachment; filename="${workspace.workspace}-events.${format}"`,
      "cache-control": "no-store",
    },
    body: part.text,
  };
}

function tooLarge(): Problem {
  return {
    kind: "export-too-large",
    title: "The window is too large to be exported at once",
    status: 413,
    detail: "Ask for a shorter window with `from` and `to`, or for a job: POST /v1/workspaces/{ws}/exports.",
    field: "from",
    limit: `${MAX_DIRECT_EXPORT_BYTES} bytes or ${MAX_DIRECT_EXPORT_PAGES} pages of the journal`,
  };
}
