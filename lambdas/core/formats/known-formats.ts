import * as z from "zod/mini";
import { TrailcastError } from "../base/trailcast-error.ts";
import type { Format } from "./format.ts";
import * as registry from "./registry.ts";

export type FormatName = (typeof registry)[keyof typeof registry]["name"];

/** Every format, in the order of their names. What the registry exports without being a whole format does not compile here. */
export const FORMATS: readonly Format<FormatName>[] = Object.values(registry).toSorted((one, other) =>
  one.name < other.name ? -1 : 1,
);
export const FORMAT_NAMES: readonly FormatName[] = FORMATS.map(({ name }) => name);
/** Of a destination that names none. */
export const DEFAULT_FORMAT: FormatName = "cloudevents-batch";

/** The format of a row. A row of a newer version with a format that this one does not know is refused when it is read. */
export const formatSchema = z.enum(FORMAT_NAMES);

const BY_NAME = new Map<string, Format>(FORMATS.map((format) => [format.name, format]));

/** A format that is not in the registry: thrown instead of sending something in another one. */
export class UnknownFormatError extends TrailcastError {
  override name = "UnknownFormatError";
  constructor() {
    super("A delivery has a format that this version does not know");
  }
}

export function formatOf(name: FormatName): Format {
  const format = BY_NAME.get(name);
  if (format === undefined) throw new UnknownFormatError();
  return format;
}

/** The format whose requests have this `Content-Type`, for receivers. */
export function formatOfContentType(contentType: string | undefined): Format | undefined {
  return FORMATS.find((format) => format.contentType === contentType);
}
