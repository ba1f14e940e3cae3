import type { ExpressionKind } from "./expression-text.ts";
import { parseCondition, type Parsed } from "./parse-condition.ts";
import { parseProjection, parseUpdate } from "./parse-update.ts";
import type { Condition, Path, Update } from "./syntax-tree.ts";

/** Programs use a few dozen expressions. The limit keeps those with embedded values from filling the memory. */
const MAX_CACHED = 500;

function remembered<T>(parse: (text: string) => T): (text: string | undefined) => T | undefined {
  const cache = new Map<string, T>();
  return (text) => {
    if (text === undefined) return undefined;
    const known = cache.get(text);
    if (known !== undefined) return known;
    const parsed = parse(text);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(text, parsed);
    return parsed;
  };
}

function conditionsOf(kind: ExpressionKind): (text: string | undefined) => Parsed<Condition> | undefined {
  return remembered((text) => parseCondition(kind, text));
}

export const readCondition = conditionsOf("ConditionExpression");
export const readFilter = conditionsOf("FilterExpression");
export const readKeyConditionText = conditionsOf("KeyConditionExpression");
export const readUpdate: (text: string | undefined) => Parsed<Update> | undefined = remembered(parseUpdate);
export const readProjection: (text: string | undefined) => Parsed<readonly Path[]> | undefined =
  remembered(parseProjection);
