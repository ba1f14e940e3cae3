import type { DestinationField } from "../lambdas/core/destination/destination-fields.ts";
import type { DestinationAnswer, SentFields } from "./api.ts";
import { element } from "./element.ts";
import { field, input } from "./form.ts";
import { type HeaderChange, headerRows } from "./header-rows.ts";

/** Every payload format that the API takes; the bundler writes the list in. */
declare const FORMAT_NAMES: readonly DestinationAnswer["format"][];

/** What a form shows for a field, and what it sends. */
interface FieldControl {
  element: HTMLElement;
  /** The value to send; `undefined` sends none. */
  read(): unknown;
  /** What emptying the form does not do by itself. */
  clear?(): void;
}

/** How the page shows a field. */
interface FieldView {
  /** `present` is missing for a destination that is to be created. */
  control(present: DestinationAnswer | undefined): FieldControl;
  /** Label and text on the destination's card; `undefined` for what its heading shows. */
  fact: ((present: DestinationAnswer) => [label: string, text: string | undefined]) | undefined;
}

/** In the order of forms and cards. A field of a destination that is missing here does not compile. */
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
};

/** The fields of a destination, and what stands in them. */
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

/** What a card shows of the fields, besides its heading. */
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

/** Headers that stay as they are cost no version of the secret they are kept with. */
function changed(headers: HeaderChange): HeaderChange | undefined {
  return Object.keys(headers).length === 0 ? undefined : headers;
}

function select(values: readonly string[]): HTMLSelectElement {
  const made = element("select");
  for (const value of values) made.append(new Option(value, value));
  return made;
}
