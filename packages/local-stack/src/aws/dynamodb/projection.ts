import type { Item } from "./attribute-value.ts";
import { Bindings, checkOverlap, type BindingInput } from "./expression/bindings.ts";
import { readProjection } from "./expression/expression-cache.ts";
import type { Parsed } from "./expression/parse-condition.ts";
import { project } from "./expression/project.ts";
import type { Path } from "./expression/syntax-tree.ts";

/** Reduces an item to the parts to return. */
export type Projection = (item: Item) => Item;

/** A projection whose expression is parsed together with others of the request. */
export function projectionOf(
  parsed: Parsed<readonly Path[]> | undefined,
  bindings: Bindings,
): Projection | undefined {
  if (parsed === undefined) return undefined;
  const paths = parsed.tree.map((path) => bindings.path(path));
  checkOverlap("ProjectionExpression", paths);
  return (item) => project(item, paths);
}

/** The projection of a request without other expressions. It returns all attributes if the request has none. */
export function readProjected(
  input: BindingInput & { ProjectionExpression?: string | undefined },
): Projection {
  const parsed = readProjection(input.ProjectionExpression);
  const projection = projectionOf(parsed, new Bindings(input, [parsed]));
  return projection ?? ((item) => item);
}
