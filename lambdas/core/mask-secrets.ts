/** Shorter values would mask half of any text, and are no secrets. */
const MIN_SECRET_LENGTH = 4;

/**
 * A text with known secret values replaced by asterisks of the same length, as they are and as an answer may quote them: escaped for JSON
 * or a URL, in base64, without the word before (`Bearer`) or the prefix of a signing secret. A beginning of one at the very end of the
 * text, where it was cut, is masked too.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const spellings = [...new Set(secrets.flatMap((secret) => spellingsOf(secret)))]
    .filter((spelling) => spelling.length >= MIN_SECRET_LENGTH)
    .toSorted((one, other) => other.length - one.length);
  return spellings.reduce((masked, spelling) => maskOne(masked, spelling), text);
}

function spellingsOf(secret: string): string[] {
  const plain = [secret, ...secret.split(/\s+/), secret.replace(/^whsec_/, "")];
  return plain.flatMap((value) => [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()),
    btoa(String.fromCharCode(...new TextEncoder().encode(value))).replace(/=+$/, ""),
  ]);
}

function maskOne(text: string, spelling: string): string {
  const masked = text.replaceAll(spelling, "*".repeat(spelling.length));
  for (let length = Math.min(spelling.length - 1, masked.length); length >= MIN_SECRET_LENGTH; length--) {
    if (masked.endsWith(spelling.slice(0, length))) return masked.slice(0, -length) + "*".repeat(length);
  }
  return masked;
}
