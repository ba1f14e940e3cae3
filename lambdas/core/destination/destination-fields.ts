import { described, oneOf } from "../base/field.ts";
import { DEFAULT_FORMAT, FORMAT_NAMES, FORMATS } from "../formats/known-formats.ts";
import { authField } from "./auth-field.ts";
import { customHeaderField } from "./custom-header-field.ts";
import { eventTypesField } from "./event-types-field.ts";
import { optionalField } from "./field-kind.ts";
import { nameField } from "./name-field.ts";
import { urlField } from "./url-field.ts";

const format = described(
  FORMATS.map(({ name, summary }) => `\`${name}\`: ${summary}`).join(". "),
  oneOf(...FORMAT_NAMES),
);

/**
 * All that an owner can say of a destination, in the order in which it is shown. The row, the secret, the requests that create and
 * change a destination, what counts as a change and what it does to deliveries, the audit event, the answers and the OpenAPI
 * document are derived from these two tables; the options of the command line and the controls of the console do not compile
 * without an entry for each field.
 */
export const rowFields = {
  name: nameField,
  url: urlField,
  format: optionalField({
    posted: format,
    kept: format,
    fallback: DEFAULT_FORMAT,
    onChange: "supersede",
    audited: true,
    example: DEFAULT_FORMAT,
  }),
  eventTypes: eventTypesField,
};

/** Those that are write-only. */
export const secretFields = {
  headers: customHeaderField,
  auth: authField,
};

export type RowFieldName = keyof typeof rowFields;
export type SecretFieldName = keyof typeof secretFields;
export type DestinationField = RowFieldName | SecretFieldName;
