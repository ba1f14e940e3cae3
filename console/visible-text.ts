/** Unicode's Bidi_Control characters, which are invisible and change the order of the text around them. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Replaces direction characters with visible escapes. */
export function visible(text: string): string {
  return text.replaceAll(DIRECTION, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `[U+${code}]`;
  });
}
