import type { DestinationAnswer, NewDestination } from "./api.ts";
import { element } from "./element.ts";
import { field, input } from "./form.ts";
import { type HeaderChange, headerRows } from "./header-rows.ts";

/** Every payload format that the API takes; the bundler writes the list in. */
declare const FORMAT_NAMES: readonly DestinationAnswer["format"][];

/** The fields of a destination, and what stands in them. */
export function destinationFields(present?: DestinationAnswer): {
  fields: HTMLElement[];
  read(): NewDestination;
  clear(): void;
} {
  const name = input("name", { required: true });
  const url = input("url", { type: "url", required: true });
  const format = select(FORMAT_NAMES);
  const eventTypes = input("eventTypes");
  const headers = headerRows(Object.keys(present?.headers ?? {}));
  if (present !== undefined) {
    name.value = present.name;
    url.value = present.url;
    format.value = present.format;
    eventTypes.value = present.eventTypes.join(", ");
  }
  return {
    fields: [
      field("Name", name),
      field("URL", url, "An https:// address that is reachable from the internet"),
      field("Format", format),
      field("Event types", eventTypes, "Separated by commas, such as pro.atmos.billing.*; empty for all"),
      headers.element,
    ],
    clear: headers.clear,
    read: () => ({
      ...changed(headers.read()),
      name: name.value,
      url: url.value,
      format: format.value,
      eventTypes: eventTypes.value.split(",").flatMap((type) => (type.trim() === "" ? [] : [type.trim()])),
    }),
  };
}

/** Headers that stay as they are cost no version of the secret they are kept with. */
function changed(headers: HeaderChange): Pick<NewDestination, "headers"> {
  return Object.keys(headers).length === 0 ? {} : { headers };
}

function select(values: readonly string[]): HTMLSelectElement {
  const made = element("select");
  for (const value of values) made.append(new Option(value, value));
  return made;
}
