import { isProblemKind, PROBLEM_CATALOGUE } from "../base/problem-catalogue.ts";

/** The page loads and runs nothing. */
export const PROBLEM_PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cache-control": "public, max-age=300",
} as const;

/** The page that `GET /problems/{kind}` returns, to which a problem's `type` leads; `undefined` for an unknown kind. */
export function problemPage(kind: string): string | undefined {
  if (!isProblemKind(kind)) return undefined;
  const { status, title, cause, remedy } = PROBLEM_CATALOGUE[kind];
  return [
    "<!doctype html>",
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>${kind}</title></head>`,
    "<body>",
    `<h1>${status} ${toHtml(title)}</h1>`,
    `<p><code>${kind}</code></p>`,
    `<h2>Cause</h2><p>${toHtml(cause)}</p>`,
    `<h2>Remedy</h2><p>${toHtml(remedy)}</p>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Text of the catalogue as HTML, with the parts in backticks as code. */
function toHtml(text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return escaped.replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
