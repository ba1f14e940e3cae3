import type { DestinationField } from "../lambdas/core/destination/destination-fields.ts";
import type { DestinationAnswer, SentFields } from "./api.ts";
import { AUTH_LABELS, authControl } from "./auth-control.ts";
import { element } from "./element.ts";
import { field, input } from "./form.ts";
import { type HeaderChange, headerRows } from "./header-rows.ts";

/** Payload formats that the API accepts. The bundler inserts the list. */
declare const FORMAT_NAMES: readonly DestinationAnswer["format"][];

/** A form control for a field, and the value that it sends. */
interface FieldControl {
  element: HTMLElement;
  /** Returns the value to send; `undefined` sends none. */
  read(): unknown;
  /** Resets what resetting the form does not. */
  clear?(): void;
}

/** How the page shows and edits a field. */
interface FieldView {
  /** `present` is missing for a destination that is still to be created. */
  control(present: DestinationAnswer | undefined): FieldControl;
  /** Label and text on the destination's card; `undefined` for fields that its heading shows. */
  fact: ((present: DestinationAnswer) => [label: string, text: string | undefined]) | undefined;
}

/** In the order of forms and cards. Leaving out a field of a destination is a type error. */
const FIELD_VIEWS: { readonly [Name in DestinationField]: FieldView } = {
  name: {
    control: (present) => textControl("Name", input("name", { required: true }), present?.name),
    fact: undefined,
  },
  url: {
    control: (present) =>
      textControl(
        "URL",
        input("url", { type: "url", required: true }),
        present?.url,
        "An https:// address that is reachable from the internet",
      ),
    fact: undefined,
  },
  format: {
    control: (present) => textControl("Format", select(FORMAT_NAMES), present?.format),
    fact: ({ format }) => ["Format", format],
  },
  eventTypes: {
    control: eventTypesControl,
    fact: ({ eventTypes }) => ["Events", eventTypes.length === 0 ? "all" : eventTypes.join(", ")],
  },
  headers: {
    control: (present) => {
      const { element: rows, read, clear } = headerRows(Object.keys(present?.headers ?? {}));
      return { element: rows, read: () => changed(read()), clear };
    },
    fact: ({ headers }) => ["Headers", Object.keys(headers).join(", ") || undefined],
  },
  auth: {
    control: (present) => authControl(present?.auth.type),
    fact: ({ auth: { type } }) => ["Credentials", type === "none" ? undefined : AUTH_LABELS[type]],
  },
};

/** Creates the form controls of a destination's fields, filled with its present values. */
export function destinationFields(present?: DestinationAnswer): {
  fields: HTMLElement[];
  read(): SentFields;
  clear(): void;
} {
  const controls = Object.entries(FIELD_VIEWS).map(([name, { control }]) => ({ name, ...control(present) }));
  return {
    fields: controls.map((control) => control.element),
    clear: () => {
      for (const { clear } of controls) clear?.();
    },
    read: () => Object.fromEntries(controls.map(({ name, read }) => [name, read()])),
  };
}

/** Returns what a card shows of the fields, besides its heading. */
export function fieldFacts(present: DestinationAnswer): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.values(FIELD_VIEWS).flatMap(({ fact }) => (fact === undefined ? [] : [fact(present)])),
  );
}

function textControl(
  label: string,
  control: HTMLInputElement | HTMLSelectElement,
  present: string | undefined,
  hint?: string,
): FieldControl {
  if (present !== undefined) control.value = present;
  return { element: field(label, control, hint), read: () => control.value };
}

function eventTypesControl(present: DestinationAnswer | undefined): FieldControl {
  const types = input("eventTypes");
  types.value = present?.eventTypes.join(", ") ?? "";
  return {
    element: field("Event types", types, "Separated by commas, such as pro.atmos.billing.*; empty for all"),
    read: () => types.value.split(",").flatMap((type) => (type.trim() === "" ? [] : [type.trim()])),
  };
}

/**
 * Omits unchanged headers, because sending them would create another version of the secret that they are stored with.
 */
function changed(headers: HeaderChange): HeaderChange | undefined {
  return Object.keys(headers).length === 0 ? undefined : headers;
}

function select(values: readonly string[]): HTMLSelectElement {
  const made = element("select");
  for (const value of values) made.append(new Option(value, value));
  return made;
}
