import { isReserved } from "../reserved-words.ts";
import {
  expressionError,
  syntaxError,
  tokenise,
  type ExpressionKind,
  type Token,
} from "./expression-text.ts";
import type { Path, Step } from "./syntax-tree.ts";

/** Reads tokens from left to right and records the placeholders. */
export class TokenReader {
  readonly kind: ExpressionKind;
  readonly names = new Set<string>();
  readonly values = new Set<string>();
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(kind: ExpressionKind, text: string) {
    this.kind = kind;
    this.#text = text;
    this.#tokens = tokenise(kind, text);
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#position + ahead] ?? { type: "end", text: "<EOF>", at: this.#text.length };
  }

  next(): Token {
    const token = this.peek();
    this.#position += 1;
    return token;
  }

  isSymbol(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.type === "symbol" && token.text === text;
  }

  /** Whether the next token is this keyword, in upper or lower case. */
  isKeyword(word: string): boolean {
    const token = this.peek();
    return token.type === "name" && token.text.toUpperCase() === word;
  }

  takeSymbol(text: string): boolean {
    if (!this.isSymbol(text)) return false;
    this.#position += 1;
    return true;
  }

  takeKeyword(word: string): boolean {
    if (!this.isKeyword(word)) return false;
    this.#position += 1;
    return true;
  }

  expectSymbol(text: string): void {
    if (!this.takeSymbol(text)) throw this.unexpected();
  }

  expectKeyword(word: string): void {
    if (!this.takeKeyword(word)) throw this.unexpected();
  }

  expectEnd(): void {
    if (this.peek().type !== "end") throw this.unexpected();
  }

  unexpected(): Error {
    const token = this.peek();
    return syntaxError(this.kind, this.#text, token.text, token.at);
  }

  complain(detail: string): Error {
    return expressionError(this.kind, detail);
  }

  /** `:value`. Whether it is defined is checked later, once all expressions are parsed. */
  valuePlaceholder(): string {
    const token = this.peek();
    if (token.type !== ":value") throw this.unexpected();
    this.#position += 1;
    this.values.add(token.text);
    return token.text;
  }

  #nameStep(): Step {
    const token = this.next();
    if (token.type === "#name") {
      this.names.add(token.text);
      return { placeholder: token.text };
    }
    if (token.type !== "name") {
      this.#position -= 1;
      throw this.unexpected();
    }
    if (isReserved(token.text)) {
      throw this.complain(`Attribute name is a reserved keyword; reserved keyword: ${token.text}`);
    }
    return { name: token.text };
  }

  #indexStep(): Step {
    const token = this.peek();
    if (token.type !== "number") throw this.unexpected();
    this.#position += 1;
    this.expectSymbol("]");
    return { index: Number(token.text) };
  }

  /** `a.b[0].#c`. */
  path(): Path {
    const steps: Step[] = [this.#nameStep()];
    for (;;) {
      if (this.takeSymbol(".")) steps.push(this.#nameStep());
      else if (this.takeSymbol("[")) steps.push(this.#indexStep());
      else return steps;
    }
  }
}
