import { findWanted, MIN_FOUND, readEscapes, type TextRange, type Wanted } from "./find-escaped.ts";

/** Shorter values are not masked: they are no secrets and occur in any text. */
const MIN_SECRET_LENGTH = MIN_FOUND;
/**
 * A run of letters and digits of this length is masked by itself, so that the encoding of the characters around it does
 * not matter. This also masks user names.
 */
const MIN_RUN_LENGTH = 8;
const ALPHANUMERIC = /[0-9A-Za-z]+/g;
/** The scheme before credentials is not secret and helps to understand a response. */
const SCHEME = /^(?:basic|bearer|token|apikey|splunk)\s+/i;
/** Takes half a second. 16 KiB of text need 50,000 steps with three secrets and 650,000 with twenty more. */
const MAX_STEPS = 3_000_000;

/**
 * Replaces known secret values in a text with asterisks of the same length, as they are and as a response may quote
 * them: with characters escaped for JSON, JSON in JSON, HTML, URLs, quoted-printable or a shell; in base64 (also within
 * a longer text) or hexadecimal, in lines or groups; without the scheme before them (`Bearer`); the parts that `Basic`
 * encodes; and the key that a signing secret encodes. Also masks the beginning of a value at the very end of the text,
 * where it was cut off. Masks the whole text if the search would take too long.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  if (text.length < MIN_SECRET_LENGTH) return text;
  const escaped = readEscapes(text);
  const budget = { steps: MAX_STEPS };
  const ranges = wantedOf(secrets).flatMap((wanted) => findWanted(escaped, wanted, budget));
  return budget.steps <= 0 ? "*".repeat(text.length) : covered(text, ranges);
}

function covered(text: string, ranges: readonly TextRange[]): string {
  let masked = "";
  for (const [from, to] of ranges.toSorted(([one], [other]) => one - other)) {
    if (to <= masked.length) continue;
    masked += text.slice(masked.length, from);
    masked += "*".repeat(to - masked.length);
  }
  return masked + text.slice(masked.length);
}

function wantedOf(secrets: readonly string[]): Wanted[] {
  const all = secrets.flatMap((secret) => [
    ...valuesOf(secret).flatMap((value) => spellingsOf(value)),
    ...keySpellings(secret),
  ]);
  return [...new Map(all.map((wanted) => [`${wanted.between} ${wanted.value}`, wanted])).values()].filter(
    ({ value }) => value.length >= MIN_SECRET_LENGTH,
  );
}

/** Returns the parts of a secret that are secret by themselves. */
function valuesOf(secret: string): string[] {
  const credentials = secret.replace(SCHEME, "");
  const whole = [secret, ...credentials.split(/\s+/), ...basicParts(secret), withoutPrefix(secret) ?? ""];
  const runs = (secret.match(ALPHANUMERIC) ?? []).filter(({ length }) => length >= MIN_RUN_LENGTH);
  return [...new Set([...whole, ...runs])].filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

/** Returns user and password of RFC 7617. Some services take a token as the user. */
function basicParts(secret: string): string[] {
  const credentials = /^basic\s+([^\s]+)$/i.exec(secret)?.[1];
  if (credentials === undefined) return [];
  const decoded = Buffer.from(credentials, "base64").toString();
  const [user = ""] = decoded.split(":", 1);
  return [decoded, decoded.slice(user.length + 1), ...(user.length >= MIN_RUN_LENGTH ? [user] : [])];
}

function withoutPrefix(secret: string): string | undefined {
  return secret.startsWith("whsec_") ? secret.slice("whsec_".length) : undefined;
}

function spellingsOf(value: string): Wanted[] {
  return [
    { value },
    { value: encodeURIComponent(value.toWellFormed()) },
    ...encoded(new TextEncoder().encode(value)),
  ];
}

/**
 * Returns spellings of the key that a signing secret encodes, which receivers use to verify: encoded, as bytes (in
 * either charset), as numbers.
 */
function keySpellings(secret: string): Wanted[] {
  const text = withoutPrefix(secret);
  if (text === undefined) return [];
  const key = Buffer.from(text, "base64");
  if (key.length < MIN_SECRET_LENGTH) return [];
  return [
    ...encoded(key),
    { value: key.toString("latin1") },
    { value: key.toString("utf8") },
    { value: key.join(","), between: "spaces" },
    { value: key.join(" "), between: "spaces" },
  ];
}

function encoded(bytes: Uint8Array): Wanted[] {
  const buffer = Buffer.from(bytes);
  const base64 = [buffer.toString("base64url"), ...[0, 1, 2].map((offset) => base64At(offset, buffer))];
  return [
    ...base64.flatMap((text): Wanted[] => [
      { value: text.replaceAll("-", "+").replaceAll("_", "/"), between: "spaces" },
      { value: text.replaceAll("+", "-").replaceAll("/", "_"), between: "spaces" },
    ]),
    { value: buffer.toString("hex"), between: "separators" },
    { value: buffer.toString("hex").toUpperCase(), between: "separators" },
  ];
}

/**
 * Returns the part of a base64 text that depends only on `bytes`, if they are at this offset (modulo 3) of the encoded
 * text.
 */
function base64At(offset: number, bytes: Buffer): string {
  const all = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return all.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
