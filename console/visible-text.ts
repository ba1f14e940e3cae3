/** Unicode's Bidi_Control: characters that are not seen, and that show the text around them in another order. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text as it is stored: what would turn it around is spelt out. */
export function visible(text: string): string {
  return text.replaceAll(DIRECTION, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `[U+${code}]`;
  });
}
