/**
 * The facts about every problem of one kind. `docs/errors.md` and the API's pages below `/problems/` contain the same.
 */
interface ProblemType {
  status: number;
  title: string;
  cause: string;
  remedy: string;
}

/**
 * Every kind of problem that the API returns, by the last part of its `type` URI. A kind is never renamed, because
 * clients compare it.
 */
export const PROBLEM_CATALOGUE = {
  "body-too-large": {
    status: 413,
    title: "The body is too large",
    cause: "The body has more bytes than the route accepts. `limit` names the number.",
    remedy: "Spread the content over several requests.",
  },
  "changed-meanwhile": {
    status: 409,
    title: "Something else changed it at the same time",
    cause: "Each attempt to store the change conflicted with another one. Nothing was changed.",
    remedy: "Read the object again, and repeat the request if it still applies.",
  },
  "delivery-closed": {
    status: 409,
    title: "The delivery is closed already",
    cause: "Only a delivery whose outcome is `retry` or `suspend` can be skipped.",
    remedy: "Nothing is left to skip. Read the delivery to see how it was closed.",
  },
  "destination-disabled": {
    status: 409,
    title: "The destination is disabled",
    cause: "A replay or a retry was requested for a destination that its owner has disabled.",
    remedy: "Enable the destination first.",
  },
  "destination-not-allowed": {
    status: 400,
    title: "Deliveries may not go there",
    cause: "The URL breaks a rule of the egress guard. `rule` names the rule.",
    remedy: "Use an `https://` URL with a public host and an allowed port, as `detail` says.",
  },
  "entry-too-large": {
    status: 413,
    title: "The events of the request are too large together",
    cause: "The events do not fit into one stored item, even when they are compressed.",
    remedy: "Spread the events over several requests.",
  },
  "event-count": {
    status: 400,
    title: "The request does not hold 1 to 100 events",
    cause: "`events` is empty, has more than 100 items, or is not a list.",
    remedy: "Send 1 to 100 events a request.",
  },
  "event-too-large": {
    status: 413,
    title: "An event is too large",
    cause: "The event that `field` names has more than 64 KiB as JSON without white space.",
    remedy:
      "Shorten its description or metadata, or keep large content elsewhere and record a reference to it.",
  },
  "export-too-large": {
    status: 413,
    title: "The window is too large to be exported at once",
    cause: "A direct export has at most 5 MB and looks at no more than 5,000 pages of the journal.",
    remedy: "Ask for a shorter window with `from` and `to`, or start an export job.",
  },
  "forbidden-workspace": {
    status: 403,
    title: "The token is not for this workspace",
    cause:
      "The claim `workspaces` does not name the workspace of the path. The answer is the same whether or not the workspace exists.",
    remedy: "Ask your issuer for a token that names the workspace.",
  },
  "forwarding-not-in-plan": {
    status: 403,
    title: "The plan of the workspace has no forwarding",
    cause:
      "Destinations, replays and retries need a plan with forwarding. `currentPlan` names the plan of the workspace.",
    remedy: "Move the workspace to a plan that has forwarding; `detail` names one if there is one.",
  },
  "header-not-allowed": {
    status: 400,
    title: "The custom headers are not allowed",
    cause:
      "A custom header is reserved, malformed or a duplicate, or there are too many. `rule` and `field` say which.",
    remedy: "Leave the header out or change it, as `detail` says.",
  },
  "idempotency-key-reused": {
    status: 409,
    title: "The Idempotency-Key was used with another body",
    cause:
      "A request with the same key and other bytes was recorded before. Reordered keys and other white space count as other bytes.",
    remedy: "Use a new key for a new request, and send a repeated request byte for byte as before.",
  },
  "if-match-required": {
    status: 428,
    title: "The request does not say which version it changes",
    cause: "A change of a destination needs the header `If-Match`.",
    remedy: "Read the destination and send its `ETag` as `If-Match`.",
  },
  "internal-error": {
    status: 500,
    title: "Something went wrong on our side",
    cause: "Trailcast failed. The operator finds the cause in the function's log.",
    remedy:
      "Do as `detail` says: it depends on the request whether it can be repeated as it is, or whether you must look first.",
  },
  "invalid-event": {
    status: 400,
    title: "An event is not valid",
    cause: "`field` names the place of the first fault in the event, `limit` what was expected there.",
    remedy: "Correct the event as `detail` says. Nothing of the request was recorded.",
  },
  "invalid-idempotency-key": {
    status: 400,
    title: "The Idempotency-Key is not valid",
    cause: "The key is empty, longer than 255 characters, or not printable ASCII.",
    remedy: "Send a UUID, for example, or leave the header out if the request will never be repeated.",
  },
  "invalid-request": {
    status: 400,
    title: "The request is not valid",
    cause: "A field of the body, a parameter or a header has a value that the route does not accept.",
    remedy: "Correct what `field` names as `detail` says.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The path does not have this method",
    cause: "The path exists, but not with the method of the request.",
    remedy: "Use one of the methods that `detail` lists.",
  },
  "missing-scope": {
    status: 403,
    title: "The token does not have the scope",
    cause: "The route needs a scope that the token lacks. `scope` names it.",
    remedy: "Ask your issuer for a token with that scope.",
  },
  "not-found": {
    status: 404,
    title: "There is no such object",
    cause:
      "The workspace has no object with this id, the id has the wrong form, the object has expired or was removed, or the path is not a route.",
    remedy: "Check the id and the path. Lists contain the existing objects.",
  },
  "not-json": {
    status: 400,
    title: "The body is not JSON",
    cause: "The body is missing, is not UTF-8, or cannot be parsed as JSON.",
    remedy: "Send one JSON document, encoded as UTF-8.",
  },
  "nothing-to-send": {
    status: 409,
    title: "Nothing of the delivery is left to send",
    cause: "The events of the delivery have expired, or the destination's filter no longer wants them.",
    remedy: "Change the filter first if the events should be sent again. What has expired cannot be sent.",
  },
  "operator-only": {
    status: 403,
    title: "Only an operator may do this",
    cause: "The route needs a token whose claim `workspaces` is `*`.",
    remedy: "Ask an operator, or your issuer for an operator's token.",
  },
  "other-version": {
    status: 412,
    title: "The destination has another version by now",
    cause: "`If-Match` names a version that is no longer the present one. Nothing was changed.",
    remedy: "Read the destination again, and repeat the change with its `ETag` if it still applies.",
  },
  "too-many-destinations": {
    status: 409,
    title: "The workspace has all the destinations of its plan",
    cause: "The plan limits the number of destinations. `limit` names the limit, `currentPlan` the plan.",
    remedy: "Delete a destination that is not needed, or move the workspace to a larger plan.",
  },
  "too-many-exports": {
    status: 409,
    title: "The workspace has too many exports",
    cause: "Ten export jobs are running, or 200 are kept. `limit` says which limit was reached.",
    remedy: "Wait until a job is done, or until the oldest one is removed after seven days.",
  },
  "too-many-replays": {
    status: 409,
    title: "Too many replays of the destination are running",
    cause: "Three replays of the destination are running.",
    remedy: "Wait until one has ended, or cancel one.",
  },
  "too-many-secret-changes": {
    status: 429,
    title: "The secret or the headers were changed too often",
    cause:
      "Secrets Manager keeps about 100 versions of a secret from the last 24 hours. Nothing was changed.",
    remedy: "Wait until earlier changes are older than 24 hours, then repeat the request.",
  },
  "too-many-tests": {
    status: 429,
    title: "Too many test events",
    cause: "A workspace may send ten test events a minute.",
    remedy: "Wait for as many seconds as `Retry-After` says.",
  },
  "unknown-workspace": {
    status: 404,
    title: "There is no such workspace",
    cause: "No entitlement was ever put for the workspace, or its id is malformed.",
    remedy: "Have an operator put its entitlement: `PUT /v1/workspaces/{ws}/entitlement`.",
  },
  "workspace-ended": {
    status: 410,
    title: "The workspace has ended",
    cause: "Its entitlement was deleted. Its destinations and secrets are gone, and it records nothing more.",
    remedy: "Do not repeat the request. Putting an entitlement again reactivates the workspace.",
  },
  "write-only-values-required": {
    status: 409,
    title: "Stored values are not sent to another origin",
    cause:
      "The change gives the URL another origin (scheme, host or port) and leaves write-only values as they are. `fields` names them. Nothing was changed.",
    remedy:
      "Send each of these values again in the same request, or remove it there (`null`). A change of path or query alone needs neither.",
  },
} as const satisfies Record<string, ProblemType>;

export type ProblemKind = keyof typeof PROBLEM_CATALOGUE;
export type ProblemStatus<Kind extends ProblemKind> = (typeof PROBLEM_CATALOGUE)[Kind]["status"];

export function isProblemKind(text: string): text is ProblemKind {
  return Object.hasOwn(PROBLEM_CATALOGUE, text);
}
