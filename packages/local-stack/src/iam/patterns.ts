/** Whether a text is among those a policy names. */
export type Pattern = (text: string) => boolean;

/** A text with `*` (anything) and `?` (one character), as policies write it. */
export function wildcard(pattern: string, ignoreCase = false): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, ignoreCase ? "is" : "s");
}

/** `negated` is for `NotAction` and `NotResource`. Actions ignore case, resources do not. */
export function compilePatterns(
  patterns: readonly string[],
  options: { negated: boolean; ignoreCase: boolean },
): Pattern {
  const expressions = patterns.map((pattern) => wildcard(pattern, options.ignoreCase));
  return (text) => expressions.some((expression) => expression.test(text)) !== options.negated;
}
