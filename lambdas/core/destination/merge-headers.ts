export type MergedHeaders = { ok: true; headers: Record<string, string> } | { ok: false; name: string };

/**
 * Applies a change to custom headers, ignoring the case of names (RFC 9110, 5.1). A value sets a header, `null` removes
 * it, and headers that are not named stay, as do those with `placeholder`, which replaces values wherever headers are
 * read. The result is not `ok`, with the header's name, if `placeholder` is given for a header that does not exist.
 */
export function mergeHeaders(
  current: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string | null>> | null,
  placeholder: string,
): MergedHeaders {
  if (change === null) return { ok: true, headers: {} };
  const merged = new Map(Object.entries(current));
  for (const [name, value] of Object.entries(change)) {
    const present = [...merged.keys()].find((key) => key.toLowerCase() === name.toLowerCase());
    if (value === placeholder) {
      if (present === undefined) return { ok: false, name };
      continue;
    }
    if (present !== undefined) merged.delete(present);
    if (value !== null) merged.set(name, value);
  }
  return { ok: true, headers: Object.fromEntries(merged) };
}
