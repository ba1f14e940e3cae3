import * as z from "zod/mini";
import { TrailcastError } from "../base/trailcast-error.ts";
import type { Format } from "./format.ts";
import * as registry from "./registry.ts";

export type FormatName = (typeof registry)[keyof typeof registry]["name"];

/** All formats, sorted by name. An incomplete format in the registry is a type error here. */
export const FORMATS: readonly Format<FormatName>[] = Object.values(registry).toSorted((one, other) =>
  one.name < other.name ? -1 : 1,
);
export const FORMAT_NAMES: readonly FormatName[] = FORMATS.map(({ name }) => name);
/** Format of a destination that names none. */
export const DEFAULT_FORMAT: FormatName = "cloudevents-batch";

/**
 * Schema of a row's format. Reading a row fails if a newer version wrote it with a format that this version does not
 * know.
 */
export const formatSchema = z.enum(FORMAT_NAMES);

const BY_NAME = new Map<string, Format>(FORMATS.map((format) => [format.name, format]));

/** Thrown for a format that is not in the registry, so that nothing is sent in another one. */
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
