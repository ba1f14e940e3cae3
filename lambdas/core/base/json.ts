/** What a JSON text says, for a schema to judge; `undefined` for text that is not JSON, which no schema takes for a value. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
