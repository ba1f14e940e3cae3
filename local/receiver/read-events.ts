import { type CloudEventV1, HTTP } from "cloudevents";
import { DEFAULT_FORMAT, formatOf, formatOfContentType } from "../../lambdas/core/formats/known-formats.ts";

/** The parts of a request that determine its events. Header names are in lower case. */
export interface EventRequest {
  headers: Readonly<Record<string, string>>;
  body: string;
}

const OF_CLOUDEVENTS = "application/cloudevents";

/**
 * Returns the events of a request, read with the `cloudevents` package. For content types that the package does not
 * know, the format splits the body and the package reads each event. Throws if the body does not match its content
 * type.
 */
export function readEvents({ headers, body }: EventRequest): CloudEventV1<unknown>[] {
  const format = formatOfContentType(headers["content-type"]);
  if (format === undefined || format.contentType.startsWith(OF_CLOUDEVENTS)) {
    return [HTTP.toEvent<unknown>({ headers, body })].flat();
  }
  const single = { "content-type": `${OF_CLOUDEVENTS}+json` };
  return format
    .decode(body)
    .flatMap((event) => HTTP.toEvent<unknown>({ headers: single, body: JSON.stringify(event) }));
}

/** Counts the events of a request without validating them; 0 when its body cannot be read. */
export function countEvents({ headers, body }: EventRequest): number {
  try {
    return (formatOfContentType(headers["content-type"]) ?? formatOf(DEFAULT_FORMAT)).decode(body).length;
  } catch {
    return 0;
  }
}
