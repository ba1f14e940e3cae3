import { type CloudEventV1, HTTP } from "cloudevents";
import { DEFAULT_FORMAT, formatOf, formatOfContentType } from "../../lambdas/core/formats/known-formats.ts";

/** What of a request says which events it carries. Header names are in lower case. */
export interface EventRequest {
  headers: Readonly<Record<string, string>>;
  body: string;
}

const OF_CLOUDEVENTS = "application/cloudevents";

/**
 * The events of a request, by the `cloudevents` package. It knows the content types of its own standard; from others the format takes
 * the events, and the package reads each of them. Throws for a body that is none of its content type's.
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

/** How many events a request carries, without looking at them; 0 when its body cannot be read. */
export function countEvents({ headers, body }: EventRequest): number {
  try {
    return (formatOfContentType(headers["content-type"]) ?? formatOf(DEFAULT_FORMAT)).decode(body).length;
  } catch {
    return 0;
  }
}
