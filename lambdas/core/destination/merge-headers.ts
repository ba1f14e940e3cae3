export type MergedHeaders = { ok: true; headers: Record<string, string> } | { ok: false; name: string };

/**
 * Custom headers after a change, without regard to the case of names (RFC 9110, 5.1): a value sets, `null` removes, what is left out
 * stays; `placeholder`, which stands for a value wherever headers are read, leaves a header as it is. Not `ok`: the name of a header
 * that is not there and was to stay.
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
