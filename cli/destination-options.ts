import { type Command, Option } from "commander";
import type { DestinationAnswer } from "../lambdas/core/api/destination-api.ts";
import { mapEach, namesOf } from "../lambdas/core/base/map-each.ts";
import { type DestinationField, rowFields } from "../lambdas/core/destination/destination-fields.ts";
import { FORMAT_NAMES } from "../lambdas/core/formats/known-formats.ts";
import { AUTH_OPTIONS, authOf, REMOVE_AUTH } from "./auth-options.ts";
import { CliError } from "./cli-error.ts";
import { HEADER_OPTIONS, headersOf, stringsOf } from "./header-options.ts";

/** Option values of a command, by the options' names in camelCase. */
export type Given = Readonly<Record<string, unknown>>;

/** How `create` and `edit` take a field of a destination, and how it is printed after an edit. */
interface FieldOptions {
  create: readonly Option[];
  edit: readonly Option[];
  /** The value to send; the API validates it. `undefined` when no option names the field. */
  valueOf(given: Given): unknown;
  describe(destination: DestinationAnswer): string;
}

const FORMATS = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(FORMAT_NAMES);

/** In the order of the help texts. Leaving out a field of a destination is a type error. */
const FIELD_OPTIONS: { readonly [Name in DestinationField]: FieldOptions } = {
  name: textOption("name", "<name>", "display name"),
  url: textOption("url", "<url>", "https:// address of the receiver"),
  format: textOption("format", "<format>", FORMATS),
  eventTypes: {
    create: [new Option("--event-type <type...>", "only these types, such as pro.atmos.billing.*")],
    edit: [
      new Option("--event-type <type...>", "deliver only these types from now on"),
      new Option("--all-events", "deliver all types from now on"),
    ],
    valueOf: eventTypesOf,
    describe: ({ eventTypes }) => (eventTypes.length === 0 ? "all events" : eventTypes.join(" ")),
  },
  headers: {
    create: HEADER_OPTIONS,
    edit: [...HEADER_OPTIONS, new Option("--remove-header <name...>", "stop sending these headers")],
    valueOf: headerChangeOf,
    describe: ({ headers }) =>
      Object.keys(headers).length === 0 ? "no headers" : Object.keys(headers).join(" "),
  },
  auth: {
    create: AUTH_OPTIONS,
    edit: [...AUTH_OPTIONS, REMOVE_AUTH],
    valueOf: authOf,
    describe: ({ auth: { type } }) => (type === "none" ? "no credentials" : `${type} credentials`),
  },
};

type TextField = {
  [Name in DestinationField]: DestinationAnswer[Name] extends string ? Name : never;
}[DestinationField];

/** Options for a text field, named like the field. */
function textOption(name: TextField, placeholder: string, description: string): FieldOptions {
  const option = () => new Option(`--${name} ${placeholder}`, description);
  return {
    create: [option().makeOptionMandatory(rowFields[name].fallback === undefined)],
    edit: [option()],
    valueOf: (given) => given[name],
    describe: (destination) => destination[name],
  };
}

function eventTypesOf({ eventType, allEvents }: Given): unknown {
  if (allEvents !== true) return eventType;
  if (eventType !== undefined) throw new CliError("Give --event-type or --all-events, not both.");
  return null;
}

function headerChangeOf(given: Given): Record<string, string | null> | undefined {
  const set = headersOf(given);
  const removed = stringsOf(given["removeHeader"]).map((name) => [name, null] as const);
  return set === undefined && removed.length === 0 ? undefined : { ...set, ...Object.fromEntries(removed) };
}

/** Adds the options of every field to a command. */
export function addFieldOptions(command: Command, use: "create" | "edit"): Command {
  for (const field of Object.values(FIELD_OPTIONS)) {
    for (const option of field[use]) command.addOption(option);
  }
  return command;
}

/** Returns the fields as the options give them; a field that no option names is `undefined`. */
export function givenFields(given: Given): Record<DestinationField, unknown> {
  return mapEach<Record<DestinationField, unknown>>(FIELD_OPTIONS, (name) =>
    FIELD_OPTIONS[name].valueOf(given),
  );
}

/** Returns the first option of each field, for messages that list them. */
export function optionNames(): string[] {
  return Object.values(FIELD_OPTIONS).map(({ edit: [first] }) => first?.long ?? "");
}

/** Describes a destination on two lines. */
export function describeSettings(destination: DestinationAnswer): string {
  const { id, name, url } = destination;
  const others = namesOf(FIELD_OPTIONS).filter((field) => field !== "name" && field !== "url");
  const described = others.map((field) => FIELD_OPTIONS[field].describe(destination));
  return [
    [id, name, url],
    ["", ...described],
  ]
    .map((parts) => parts.join("  "))
    .join("\n");
}
