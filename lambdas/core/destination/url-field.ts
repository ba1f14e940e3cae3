import * as z from "zod/mini";
import { described, text } from "../base/field.ts";
import { type Problem, RefusedError } from "../base/problem.ts";
import { checkUrl } from "../egress/egress-url.ts";
import { requiredField, type Surroundings } from "./field-kind.ts";

export const MAX_URL_CHARACTERS = 2048;

/** Address that deliveries are sent to. */
export const urlField = requiredField({
  posted: described(
    "An https:// address that is reachable from the internet",
    text(`must be an https:// URL of at most ${MAX_URL_CHARACTERS} characters`, { max: MAX_URL_CHARACTERS }),
  ),
  kept: z.string(),
  accept: requireUrl,
  onChange: "retry",
  example: "https://siem.example.com/intake",
});

/**
 * Returns the URL to store. Refuses one that the egress guard would block, and names the rule but not what it resolved
 * to.
 */
function requireUrl(url: string, { allowance }: Surroundings): string {
  const verdict = checkUrl(url, allowance);
  if (verdict.kind === "allowed") return verdict.url;
  throw new RefusedError(notAllowed("url", verdict));
}

function notAllowed(field: string, { rule, detail }: { rule: string; detail: string }): Problem {
  return {
    kind: "destination-not-allowed",
    title: "Deliveries may not go there",
    status: 400,
    detail,
    field,
    members: { rule },
  };
}
