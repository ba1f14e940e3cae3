import type { Operation } from "./operation.ts";

export interface Match<Id> {
  operation: Id;
  parameters: Record<string, string>;
}

/** Finds the operation of a request. Returns the allowed `methods` if the path exists with other methods only. */
export function createMatcher<Id extends string>(
  operations: Readonly<Record<Id, Pick<Operation, "method" | "path">>>,
): (method: string, path: string) => Match<Id> | { methods: string[] } {
  const names = Object.keys(operations).filter((name): name is Id => Object.hasOwn(operations, name));
  const routes = names.map((name) => ({
    name,
    ...operations[name],
    segments: operations[name].path.split("/"),
  }));
  return (method, path) => {
    const asked = path.split("/");
    const methods: string[] = [];
    for (const route of routes) {
      const parameters = matchSegments(route.segments, asked);
      if (parameters === undefined) continue;
      if (route.method === method) return { operation: route.name, parameters };
      methods.push(route.method);
    }
    return { methods };
  };
}

function matchSegments(
  pattern: readonly string[],
  asked: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== asked.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const value = asked[index] ?? "";
    if (segment.startsWith("{")) parameters[segment.slice(1, -1)] = decoded(value);
    else if (segment !== value) return undefined;
  }
  return parameters;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
