import * as z from "zod/mini";
import { component, described, fields, text } from "../base/field.ts";

/** Of a token or a value. Receivers commonly refuse more than 8 KiB of headers in all. */
const MAX_VALUE_CHARACTERS = 4096;
const MAX_USERNAME_CHARACTERS = 256;
const MAX_PASSWORD_CHARACTERS = 1024;

const none = fields('{ type: "none" }', { type: z.literal("none") });

const bearer = fields('{ type: "bearer", token }', {
  type: z.literal("bearer"),
  token: described(
    "Sent as `Authorization: Bearer <token>`",
    text(
      `must be 1 to ${MAX_VALUE_CHARACTERS} characters of visible ASCII without spaces, without "Bearer" before it`,
      {
        max: MAX_VALUE_CHARACTERS,
        pattern: /^[\x21-\x7e]+$/,
      },
    ),
  ),
});

// RFC 7617 forbids control characters in both and a colon in the user name. Beyond ASCII, receivers disagree about the encoding.
const basic = fields('{ type: "basic", username, password }', {
  type: z.literal("basic"),
  username: described(
    "Sent with the password as `Authorization: Basic <base64>` (RFC 7617)",
    text(`must be 1 to ${MAX_USERNAME_CHARACTERS} characters of printable ASCII without a colon`, {
      max: MAX_USERNAME_CHARACTERS,
      pattern: /^[\x20-\x39\x3b-\x7e]+$/,
    }),
  ),
  password: described(
    "May be empty, for receivers that take a token as the user name",
    text(`must be 0 to ${MAX_PASSWORD_CHARACTERS} characters of printable ASCII`, {
      min: 0,
      max: MAX_PASSWORD_CHARACTERS,
      pattern: /^[\x20-\x7e]*$/,
    }),
  ),
});

const header = fields('{ type: "header", name, value }', {
  type: z.literal("header"),
  name: described(
    "Name of the header; neither a reserved one nor one of `headers`",
    text("must be a header name of 1 to 256 characters", { max: 256 }),
  ),
  value: described(
    "Value of the header",
    text(
      `must be 1 to ${MAX_VALUE_CHARACTERS} characters of visible ASCII, with spaces and tabs inside only`,
      { max: MAX_VALUE_CHARACTERS, pattern: /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/ },
    ),
  ),
});

export const AUTH_TYPES = ["none", "bearer", "basic", "header"] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

/** Credentials as an owner sends them. */
export const authRequestSchema = component(
  "Auth",
  "Credentials for the receiver, sent with every delivery and test event; values are never shown again",
  z.discriminatedUnion("type", [none, bearer, basic, header], {
    error: `must be an object whose type is one of ${AUTH_TYPES.map((type) => `"${type}"`).join(", ")}`,
  }),
  { type: "bearer", token: "example-token" },
);
export type Auth = z.output<typeof authRequestSchema>;

/** Credentials as the secret keeps them: the form alone, so that a stricter rule leaves older secrets readable. */
export const storedAuthSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("none") }),
  z.object({ type: z.literal("bearer"), token: z.string() }),
  z.object({ type: z.literal("basic"), username: z.string(), password: z.string() }),
  z.object({ type: z.literal("header"), name: z.string(), value: z.string() }),
]);

/** The request headers that carry the credentials. */
export function authHeaders(auth: Auth): Record<string, string> {
  switch (auth.type) {
    case "none":
      return {};
    case "bearer":
      return { authorization: `Bearer ${auth.token}` };
    case "basic":
      return {
        authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`,
      };
    case "header":
      return { [auth.name]: auth.value };
  }
}

/** What must not be kept of a receiver's answer: the header values and what they are made of. */
export function authSecrets(auth: Auth): string[] {
  return [...Object.values(authHeaders(auth)), ...(auth.type === "basic" ? [auth.password] : [])];
}
