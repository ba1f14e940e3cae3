import { randomBytes } from "node:crypto";

/** A value that must not appear where it does not belong. */
export interface Mark {
  /** The kind of value: `header value`, `payload`, … */
  kind: string;
  value: string;
}

/** The random part of a value, by which fragments of it are found too. */
export function chance(): string {
  return randomBytes(9).toString("hex");
}

export class Marks {
  readonly all: Mark[] = [];

  /** Registers a value that was used. */
  add(kind: string, value: string): string {
    this.all.push({ kind, value });
    return value;
  }

  /** Creates a new value of letters and digits. */
  fresh(kind: string): string {
    return this.add(kind, `m${chance()}`);
  }

  of(...kinds: string[]): Mark[] {
    return this.all.filter(({ kind }) => kinds.includes(kind));
  }
}

/** A value in the forms in which it may have been written: plain, escaped, encoded, or only its core. */
function spellings(value: string): string[] {
  const cores = value.match(/[0-9A-Za-z]{12,}/g) ?? [];
  const words = value.split(/\s+|^whsec_/);
  const texts = [value, ...words, ...cores].filter((text) => text.length >= 8);
  return texts.flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    Buffer.from(text).toString("base64").replace(/=+$/, ""),
    Buffer.from(text).toString("base64url"),
    Buffer.from(text).toString("hex"),
  ]);
}

/** The marks that a text contains, with the surrounding text. */
export function findMarks(marks: readonly Mark[], where: string, text: string): string[] {
  const lower = text.toLowerCase();
  return marks.flatMap(({ kind, value }) => {
    const found = spellings(value)
      .map((spelling) => lower.indexOf(spelling.toLowerCase()))
      .find((index) => index !== -1);
    return found === undefined
      ? []
      : [`${kind} in ${where}: ${text.slice(Math.max(0, found - 160), found + 60)}`];
  });
}
