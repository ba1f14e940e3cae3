import type { DestinationAnswer, NewDestination } from "./api.ts";
import { element } from "./element.ts";
import { field, input } from "./form.ts";

/** The fields of a destination, and what stands in them. */
export function destinationFields(present?: DestinationAnswer): {
  fields: HTMLElement[];
  read(): NewDestination;
} {
  const name = input("name", { required: true });
  const url = input("url", { type: "url", required: true });
  const format = select(["cloudevents-batch", "cloudevents-structured"]);
  const eventTypes = input("eventTypes");
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
    ],
    read: () => ({
      name: name.value,
      url: url.value,
      format: format.value,
      eventTypes: eventTypes.value.split(",").flatMap((type) => (type.trim() === "" ? [] : [type.trim()])),
    }),
  };
}

function select(values: readonly string[]): HTMLSelectElement {
  const made = element("select");
  for (const value of values) made.append(new Option(value, value));
  return made;
}
