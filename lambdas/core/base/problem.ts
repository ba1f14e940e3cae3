import type { ProblemKind, ProblemStatus } from "./problem-catalogue.ts";

/**
 * A refusal in the form of RFC 9457. `kind` is the last part of the problem's `type` URI, `detail` says what to do,
 * `field` names the place in the request (`events[3].actor.id`, a header, a parameter) and `limit` the limit that was
 * exceeded. `members` are further properties of the answer.
 */
interface ProblemOf<Kind extends ProblemKind> {
  kind: Kind;
  title: string;
  status: ProblemStatus<Kind>;
  detail: string;
  field?: string;
  limit?: string;
  members?: Readonly<Record<string, unknown>>;
}

/** A kind that is not in the catalogue, or with another status than there, does not compile. */
export type Problem = { [Kind in ProblemKind]: ProblemOf<Kind> }[ProblemKind];

/** A path of the API itself, which describes each kind there. RFC 9457 resolves it against the URL of the request. */
export const PROBLEM_BASE = "/problems/";
export const PROBLEM_CONTENT_TYPE = "application/problem+json";

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  field?: string;
  limit?: string;
}

/** The JSON document of a problem as it is sent. */
export function problemDocument(problem: Problem): ProblemDocument {
  const { kind, title, status, detail, field, limit, members } = problem;
  return {
    ...members,
    type: PROBLEM_BASE + kind,
    title,
    status,
    detail,
    ...(field !== undefined && { field }),
    ...(limit !== undefined && { limit }),
  };
}

/**
 * Thrown in nested code to refuse a request; the HTTP pipeline answers with its problem. It is an expected outcome, not
 * a fault.
 */
export class RefusedError extends Error {
  override name = "RefusedError";
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.kind);
    this.problem = problem;
  }
}

/** Retry advice for a 500, by what a repeat of the request would do. */
const AFTER_A_FAULT = {
  recordsOnce: "The request was not carried out, or not to its end. Repeat it with the same Idempotency-Key.",
  readsOnly: "Nothing was changed. Repeat the request.",
  mayActTwice:
    "It may have been carried out, in full or in part. Read what is there now before you repeat it.",
} as const;

export const problems = {
  internal: (repeating: keyof typeof AFTER_A_FAULT): Problem => ({
    kind: "internal-error",
    title: "Something went wrong on our side",
    status: 500,
    detail: AFTER_A_FAULT[repeating],
  }),
  notJson: (): Problem => ({
    kind: "not-json",
    title: "The body is not JSON",
    status: 400,
    detail: "Send one JSON document, encoded as UTF-8.",
    field: "body",
  }),
  bodyTooLarge: (limitBytes: number): Problem => ({
    kind: "body-too-large",
    title: "The body is too large",
    status: 413,
    detail: "Spread it over several requests.",
    field: "body",
    limit: `${limitBytes} bytes`,
  }),
  missingScope: (scope: string): Problem => ({
    kind: "missing-scope",
    title: "The token does not have the scope",
    status: 403,
    detail: `Ask for a token with the scope ${scope}.`,
    members: { scope },
  }),
  forbiddenWorkspace: (): Problem => ({
    kind: "forbidden-workspace",
    title: "The token is not for this workspace",
    status: 403,
    detail: "Ask for a token whose claim `workspaces` names the workspace.",
  }),
  operatorOnly: (): Problem => ({
    kind: "operator-only",
    title: "Only an operator may do this",
    status: 403,
    detail: "Ask for a token whose claim `workspaces` is `*`.",
  }),
  unknownWorkspace: (): Problem => ({
    kind: "unknown-workspace",
    title: "There is no such workspace",
    status: 404,
    detail: "A workspace exists once its entitlement was put: PUT /v1/workspaces/{ws}/entitlement.",
  }),
  workspaceEnded: (): Problem => ({
    kind: "workspace-ended",
    title: "The workspace has ended",
    status: 410,
    detail: "Its entitlement was deleted. Put an entitlement again before you record events for it.",
  }),
  notFound: (what: string): Problem => ({
    kind: "not-found",
    title: `There is no such ${what}`,
    status: 404,
    detail: `The workspace has no ${what} with this id.`,
  }),
} as const;
