/** Shorter values would mask half of any text, and are no secrets. */
const MIN_SECRET_LENGTH = 4;
/** A run of letters and digits this long is masked by itself: however the signs around it are escaped. */
const MIN_RUN_LENGTH = 8;
const ALPHANUMERIC = /[0-9A-Za-z]+/g;

/**
 * A text with known secret values replaced by asterisks of the same length, as they are and as an answer may quote them: escaped for
 * JSON, HTML or a URL, in base64 (inside a longer text too) or hexadecimal, without the word before (`Bearer`) or the prefix of a
 * signing secret. A beginning of one at the very end of the text, where it was cut, is masked too.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const spellings = [...new Set(secrets.flatMap((secret) => spellingsOf(secret)))]
    .filter((spelling) => spelling.length >= MIN_SECRET_LENGTH)
    .toSorted((one, other) => other.length - one.length);
  return spellings.reduce((masked, spelling) => maskOne(masked, spelling), text);
}

function spellingsOf(secret: string): string[] {
  const words = [secret, ...secret.split(/\s+/), secret.replace(/^whsec_/, "")];
  const runs = (secret.match(ALPHANUMERIC) ?? []).filter(({ length }) => length >= MIN_RUN_LENGTH);
  return [...new Set([...words, ...runs])]
    .filter(({ length }) => length >= MIN_SECRET_LENGTH)
    .flatMap((value) => [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value.toWellFormed()),
      ...encoded(new TextEncoder().encode(value)),
    ]);
}

function encoded(bytes: Uint8Array): string[] {
  const base64 = [0, 1, 2].map((offset) => base64At(offset, bytes));
  const hex = bytes.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
  return [
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    hex,
    hex.toUpperCase(),
  ];
}

/** What stands for `bytes` in the base64 of a text that has them at this offset (modulo 3), whatever is around them. */
function base64At(offset: number, bytes: Uint8Array): string {
  const all = btoa("\0".repeat(offset) + String.fromCharCode(...bytes));
  return all.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function maskOne(text: string, spelling: string): string {
  const masked = text.replaceAll(spelling, "*".repeat(spelling.length));
  for (let length = Math.min(spelling.length - 1, masked.length); length >= MIN_SECRET_LENGTH; length--) {
    if (masked.endsWith(spelling.slice(0, length))) return masked.slice(0, -length) + "*".repeat(length);
  }
  return masked;
}
