import * as z from "zod/mini";
import { described, oneOf } from "../base/field.ts";
import { invalidField } from "../base/invalid-field.ts";
import { RefusedError } from "../base/problem.ts";
import { type Auth, AUTH_TYPES, authRequestSchema, type AuthType, storedAuthSchema } from "./auth.ts";
import { checkCustomHeaders } from "./custom-headers.ts";
import type { SecretField } from "./field-kind.ts";
import { foldHeaderName } from "./reserved-headers.ts";

const NONE: Auth = { type: "none" };

const rules: Omit<SecretField<Auth, Auth, AuthType, { type: AuthType }>, "attribute"> = {
  fallback: NONE,
  accept: requireHeaderName,
  merge: (_current, change) => change,
  keeps: (type, change) => (change === undefined && type !== "none" ? ["auth"] : []),
  traceOf: ({ type }) => type,
  audit: (type) => type,
  show: (type) => ({ type }),
  onChange: "retry",
  example: "bearer",
};

/** Credentials for the receiver; they are write-only as a whole. */
export const authField = {
  ...rules,
  request: z._default(authRequestSchema, NONE),
  change: described(
    'Replaces the credentials as a whole. `{ "type": "none" }` and `null` remove them; without it they stay',
    z.optional(z.nullable(authRequestSchema)),
  ),
  secret: z._default(storedAuthSchema, NONE),
  attribute: "authType",
  row: z._default(oneOf(...AUTH_TYPES), "none"),
  answer: described(
    "The kind of credentials; their values are never shown",
    z.object({ type: oneOf(...AUTH_TYPES) }),
  ),
} as const;

/** The header of `auth` obeys the rules for custom headers. */
function requireHeaderName(auth: Auth): Auth {
  if (auth.type !== "header") return auth;
  const verdict = checkCustomHeaders({ [auth.name]: "" });
  if (verdict.kind === "allowed") return auth;
  throw new RefusedError({
    kind: "header-not-allowed",
    title: "The header of the credentials is not allowed",
    status: 400,
    detail: verdict.detail,
    field: "auth.name",
    members: { rule: verdict.rule },
  });
}

/** One header cannot have two values. */
export function requireOwnHeader({ auth, headers }: { auth: Auth; headers: Record<string, string> }): void {
  if (auth.type !== "header") return;
  const folded = foldHeaderName(auth.name);
  if (!Object.keys(headers).some((name) => foldHeaderName(name) === folded)) return;
  throw new RefusedError(
    invalidField(
      "auth.name",
      "is one of the custom headers: remove it there (`null`), or name another header",
    ),
  );
}
