import type { HttpInvocation, HttpStep } from "./http-step.ts";

/** Answers hold audit events, and some a secret: nobody keeps a copy, and no browser takes one for a page of the console's origin. */
const PROTECTION = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Adds headers to each answer, problems too; those that a route has set itself stay. */
export function protectAnswers(): HttpStep {
  return { after: protect, onError: protect };
}

function protect(invocation: HttpInvocation): void {
  const { response } = invocation;
  if (response) invocation.response = { ...response, headers: { ...PROTECTION, ...response.headers } };
}
