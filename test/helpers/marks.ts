import { randomBytes } from "node:crypto";

/** A value that must not turn up where it does not belong. */
export interface Mark {
  /** Of what kind: `header value`, `payload`, … */
  kind: string;
  value: string;
}

/** Chance inside a value, so that a part of it is found too. */
export function chance(): string {
  return randomBytes(9).toString("hex");
}

export class Marks {
  readonly all: Mark[] = [];

  /** Remembers a value that was used. */
  add(kind: string, value: string): string {
    this.all.push({ kind, value });
    return value;
  }

  /** A fresh value of letters and digits. */
  fresh(kind: string): string {
    return this.add(kind, `m${chance()}`);
  }

  of(...kinds: string[]): Mark[] {
    return this.all.filter(({ kind }) => kinds.includes(kind));
  }
}

/** A value as it is, and as somebody may have written it down: escaped, encoded, or its core alone. */
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

/** Which of the marks a text contains, with what stands around them. */
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
