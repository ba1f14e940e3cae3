import { findWanted, MIN_FOUND, readEscapes, type JournalRange, type Wanted } from "./find-escaped.ts";

/** Shorter values would mask half of any text, and are no secrets. */
const MIN_SECRET_LENGTH = MIN_FOUND;
/** A run of letters and digits this long is masked by itself: however the signs around it are written. So is the name of a user. */
const MIN_RUN_LENGTH = 8;
const ALPHANUMERIC = /[0-9A-Za-z]+/g;
/** The word before credentials is no secret, and of use in what a receiver says. */
const SCHEME = /^(?:basic|bearer|token|apikey|splunk)\s+/i;
/** Half a second. 16 KiB take 50,000 with three secrets, 650,000 with twenty more. */
const MAX_STEPS = 3_000_000;

/**
 * A text with known secret values replaced by asterisks of the same length, as they are and as an answer may quote them: each character
 * by itself or escaped for JSON, JSON in JSON, HTML, a URL, quoted-printable or a shell; in base64 (inside a longer text too) or
 * hexadecimal, in lines or groups; without the scheme before (`Bearer`); what `Basic` encodes; the key that a signing secret encodes.
 * A beginning of one at the very end of the text, where it was cut, is masked too. A text made to take long is masked whole.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  if (text.length < MIN_SECRET_LENGTH) return text;
  const escaped = readEscapes(text);
  const budget = { steps: MAX_STEPS };
  const ranges = wantedOf(secrets).flatMap((wanted) => findWanted(escaped, wanted, budget));
  return budget.steps <= 0 ? "*".repeat(text.length) : covered(text, ranges);
}

function covered(text: string, ranges: readonly JournalRange[]): string {
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

/** The parts of a secret that are secret by themselves. */
function valuesOf(secret: string): string[] {
  const credentials = secret.replace(SCHEME, "");
  const whole = [secret, ...credentials.split(/\s+/), ...basicParts(secret), withoutPrefix(secret) ?? ""];
  const runs = (secret.match(ALPHANUMERIC) ?? []).filter(({ length }) => length >= MIN_RUN_LENGTH);
  return [...new Set([...whole, ...runs])].filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

/** RFC 7617: user and password. Some services take a token as the user. */
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

/** The key itself, which receivers make of the secret to verify a signature: encoded, as bytes (read as either charset), as numbers. */
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

/** What stands for `bytes` in the base64 of a text that has them at this offset (modulo 3), whatever is around them. */
function base64At(offset: number, bytes: Buffer): string {
  const all = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return all.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
