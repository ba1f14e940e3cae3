import { validationError } from "../attribute-value.ts";
import type { AwsError } from "../../aws-service.ts";

/** The parameter that an expression came from. DynamoDB names it in every error message. */
export type ExpressionKind =
  | "ConditionExpression"
  | "FilterExpression"
  | "KeyConditionExpression"
  | "ProjectionExpression"
  | "UpdateExpression";

export interface Token {
  type: "name" | "#name" | ":value" | "number" | "symbol" | "end";
  text: string;
  /** Offset in the expression. */
  at: number;
}

/** Developer Guide, "Quotas": the maximum length of any expression string is 4 KB. */
const MAX_EXPRESSION_BYTES = 4096;
const NEXT =
  /\s*(?:(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<hash>#[A-Za-z0-9_]+)|(?<colon>:[A-Za-z0-9_]+)|(?<number>\d+)|(?<symbol><>|<=|>=|[=<>()[\],.+-]))/y;

/** An error about an expression, worded as DynamoDB's. */
export function expressionError(kind: ExpressionKind, detail: string): AwsError {
  return validationError(`Invalid ${kind}: ${detail}`);
}

function tokenOf(groups: Record<string, string | undefined>, at: number): Token {
  if (groups["name"] !== undefined) return { type: "name", text: groups["name"], at };
  if (groups["hash"] !== undefined) return { type: "#name", text: groups["hash"], at };
  if (groups["colon"] !== undefined) return { type: ":value", text: groups["colon"], at };
  if (groups["number"] !== undefined) return { type: "number", text: groups["number"], at };
  return { type: "symbol", text: groups["symbol"] ?? "", at };
}

function checkLength(kind: ExpressionKind, text: string): void {
  if (text.trim() === "") throw expressionError(kind, "The expression can not be empty;");
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_EXPRESSION_BYTES) {
    throw expressionError(
      kind,
      `Expression size has exceeded the maximum allowed size; expression size: ${bytes}`,
    );
  }
}

/** Splits an expression into tokens, followed by an `end`. */
export function tokenise(kind: ExpressionKind, text: string): Token[] {
  checkLength(kind, text);
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  NEXT.lastIndex = 0;
  while (NEXT.lastIndex < end) {
    const from = NEXT.lastIndex;
    const match = NEXT.exec(text);
    if (match?.groups === undefined)
      throw syntaxError(kind, text, text.slice(from).trimStart().slice(0, 1), from);
    tokens.push(tokenOf(match.groups, NEXT.lastIndex - match[0].trimStart().length));
  }
  tokens.push({ type: "end", text: "<EOF>", at: end });
  return tokens;
}

/** `Syntax error; token: "x", near: "a x b"`. */
export function syntaxError(kind: ExpressionKind, text: string, token: string, at: number): AwsError {
  const near = text.slice(Math.max(0, at - 8), at + token.length + 8).trim();
  return expressionError(kind, `Syntax error; token: "${token}", near: "${near}"`);
}
