import type { HttpInvocation, HttpStep } from "./http-step.ts";

/**
 * Responses contain audit events, and some a secret: they must not be cached, and no browser may take one for a page of
 * the console's origin.
 */
const PROTECTION = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Adds headers to each response, including problems, unless its route has set them itself. */
export function protectAnswers(): HttpStep {
  return { after: protect, onError: protect };
}

function protect(invocation: HttpInvocation): void {
  const { response } = invocation;
  if (response) invocation.response = { ...response, headers: { ...PROTECTION, ...response.headers } };
}
