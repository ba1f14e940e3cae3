import type * as z from "zod/mini";

export type Scope =
  | "events:write"
  | "events:read"
  | "destinations:read"
  | "destinations:write"
  | "entitlements:write";

export interface Answer {
  description: string;
  schema?: z.core.$ZodType;
  /** Default `application/json` if there is a schema. */
  contentTypes?: readonly string[];
  headers?: Readonly<Record<string, string>>;
  /** Operations that use a part of this response: the parameter, and the part as a JSON pointer. */
  leadsTo?: { parameter: string; at: string; operations: readonly string[] };
}

/**
 * One route of the API, as the router matches it, the authorisation checks it and the OpenAPI document describes it.
 */
export interface Operation {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Parameters are in braces, each named in `PATH_PARAMETERS`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** A route without a scope needs no token. */
  scope?: Scope;
  /** Requires a token for all workspaces (`*`). */
  operator?: boolean;
  query?: z.core.$ZodObject;
  headers?: Readonly<Record<string, HeaderParameter>>;
  body?: z.core.$ZodType;
  /** Whether the body may be left out, in which case its defaults apply. */
  bodyOptional?: boolean;
  answers: Readonly<Record<number, Answer>>;
  /** Statuses of the problems that it may return in addition to those of every route with a scope. */
  refusals: Readonly<Record<number, string>>;
}

export interface HeaderParameter {
  description: string;
  required: boolean;
  pattern?: string;
  example: string;
}

export interface PathParameter {
  description: string;
  pattern: string;
  example: string;
}

const ULID = "[0-9A-HJKMNP-TV-Z]{26}";

export const PATH_PARAMETERS: Readonly<Record<string, PathParameter>> = {
  ws: { description: "A workspace", pattern: "^ws_[A-Za-z0-9_]{1,61}$", example: "ws_1" },
  dst: {
    description: "A destination of the workspace",
    pattern: `^dst_${ULID}$`,
    example: "dst_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
  },
  rpl: {
    description: "A replay of the destination",
    pattern: `^rpl_${ULID}$`,
    example: "rpl_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
  },
  whd: {
    description: "A delivery of the destination",
    pattern: `^whd_${ULID}$`,
    example: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
  },
  id: {
    description: "An event of the workspace",
    pattern: "^aud_[0-9a-hjkmnp-tv-z]{26}[0-9]{2}$",
    example: "aud_0g40r40m30e209185gr38e1w8101",
  },
  kind: {
    description: "A type of problem: the last part of its `type`",
    pattern: "^[a-z]+(-[a-z]+)*$",
    example: "invalid-request",
  },
  exp: {
    description: "An export of the workspace",
    pattern: `^exp_${ULID}$`,
    example: "exp_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
  },
};
