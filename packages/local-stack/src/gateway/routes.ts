/** A parsed route key of an HTTP API, such as `GET /v1/orders/{id}/items`. */
interface RoutePattern<Route> {
  method: string;
  segments: readonly string[];
  route: Route;
}

export interface RouteMatch<Route> {
  route: Route;
  pathParameters: Record<string, string>;
}

/** Finds the route of a request like API Gateway: full matches before greedy ones, literals before parameters. */
export interface RouteTable<Route> {
  match(method: string, path: string): RouteMatch<Route> | undefined;
}

const isGreedy = (segment: string | undefined): boolean => segment?.endsWith("+}") ?? false;
const isParameter = (segment: string): boolean => segment.startsWith("{") && segment.endsWith("}");

function parsePattern<Route>(routeKey: string, route: Route): RoutePattern<Route> {
  const [method = "ANY", path = "/"] = routeKey.split(" ");
  return { method, segments: path.split("/").slice(1), route };
}

/** Decodes percent-encoding. A malformed escape is left as it is. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function matchSegments(
  pattern: readonly string[],
  path: readonly string[],
): Record<string, string> | undefined {
  const greedy = isGreedy(pattern.at(-1));
  if (greedy ? path.length < pattern.length : path.length !== pattern.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const actual = path[index] ?? "";
    if (isGreedy(segment)) parameters[segment.slice(1, -2)] = path.slice(index).map(decode).join("/");
    else if (isParameter(segment) && actual !== "") parameters[segment.slice(1, -1)] = decode(actual);
    else if (segment !== actual) return undefined;
  }
  return parameters;
}

/** Smaller ranks win: for each segment a literal, then a parameter, then a greedy one; then a method before `ANY`. */
function rank(pattern: RoutePattern<unknown>): string {
  const kinds = pattern.segments.map((segment) =>
    isGreedy(segment) ? "2" : isParameter(segment) ? "1" : "0",
  );
  return `${isGreedy(pattern.segments.at(-1)) ? "1" : "0"}${kinds.join("")}${pattern.method === "ANY" ? "1" : "0"}`;
}

/** `entries` are route keys with their routes. `$default` gets all requests that no other key matches. */
export function createRouteTable<Route>(entries: readonly (readonly [string, Route])[]): RouteTable<Route> {
  const fallback = entries.find(([key]) => key === "$default")?.[1];
  const patterns = entries
    .filter(([key]) => key !== "$default")
    .map(([key, route]) => parsePattern(key, route))
    .toSorted((a, b) => rank(a).localeCompare(rank(b)));
  return {
    match: (method, path) => {
      const segments = path.split("/").slice(1);
      for (const pattern of patterns) {
        if (pattern.method !== "ANY" && pattern.method !== method) continue;
        const pathParameters = matchSegments(pattern.segments, segments);
        if (pathParameters !== undefined) return { route: pattern.route, pathParameters };
      }
      return fallback === undefined ? undefined : { route: fallback, pathParameters: {} };
    },
  };
}
