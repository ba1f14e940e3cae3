import * as z from "zod/mini";
import { text } from "../base/field.ts";
import { requiredField } from "./field-kind.ts";

const CONTROL = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029";
/** Unicode's Bidi_Control characters, with which a name could look like another one. */
const DIRECTION = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const NOT = CONTROL + DIRECTION;
const NAME = new RegExp(`^[^${NOT}]*[^\\s${NOT}][^${NOT}]*$`);
const MUST_BE_NAME =
  "must be a text of 1 to 100 characters, without control characters and marks of text direction (such as U+202E)";

/** Display name of a destination. */
export const nameField = requiredField({
  posted: text(MUST_BE_NAME, { max: 100, pattern: NAME }).check(
    z.refine((value) => value.isWellFormed(), MUST_BE_NAME),
  ),
  kept: z.string(),
  onChange: "none",
  example: "Acme SIEM",
});
