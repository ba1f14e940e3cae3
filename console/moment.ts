/** Formats a timestamp of the API in the user's language and time zone. */
export function moment(timestamp: string): string {
  return new Date(timestamp).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}
