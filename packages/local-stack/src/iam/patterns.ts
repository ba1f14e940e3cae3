/** Whether a text is among those that a policy names. */
export type Pattern = (text: string) => boolean;

/** A pattern with `*` (any text) and `?` (one character), as in policies. */
export function wildcard(pattern: string, ignoreCase = false): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, ignoreCase ? "is" : "s");
}

/** `negated` is for `NotAction` and `NotResource`. The case of letters matters for resources, but not for actions. */
export function compilePatterns(
  patterns: readonly string[],
  options: { negated: boolean; ignoreCase: boolean },
): Pattern {
  const expressions = patterns.map((pattern) => wildcard(pattern, options.ignoreCase));
  return (text) => expressions.some((expression) => expression.test(text)) !== options.negated;
}
