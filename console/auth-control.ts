import type { DestinationAnswer } from "./api.ts";
import { element } from "./element.ts";
import { field, input } from "./form.ts";

type AuthType = DestinationAnswer["auth"]["type"];

export const AUTH_LABELS: { readonly [Type in AuthType]: string } = {
  none: "none",
  bearer: "Bearer token",
  basic: "User name and password",
  header: "Header of your own",
};

/** What stands in the list while credentials stay as they are. */
const KEPT = "kept";

/** The inputs of each type, by the names of the API. Secret ones are hidden as they are typed. */
const AUTH_INPUTS: {
  readonly [Type in AuthType]: readonly (readonly [name: string, label: string, type: string])[];
} = {
  none: [],
  bearer: [["token", "Token", "password"]],
  basic: [
    ["username", "User name", "text"],
    ["password", "Password", "password"],
  ],
  header: [
    ["name", "Header name", "text"],
    ["value", "Header value", "password"],
  ],
};

/** Credentials of a destination. They are written and never read: what is there is kept, replaced as a whole or removed. */
export function authControl(present: AuthType = "none"): {
  element: HTMLElement;
  /** The credentials to send; `undefined` leaves them as they are. */
  read(): Record<string, string> | undefined;
  clear(): void;
} {
  const types = element("select");
  types.name = "authType";
  if (present !== "none") types.append(new Option(`keep: ${AUTH_LABELS[present]}`, KEPT));
  for (const [type, label] of Object.entries(AUTH_LABELS)) types.append(new Option(label, type));
  const place = element("div", { className: "row header" });
  let inputs: HTMLInputElement[] = [];
  const show = (): void => {
    const wanted = Object.entries(AUTH_INPUTS).find(([type]) => type === types.value)?.[1] ?? [];
    const made = wanted.map(([name, label, type]) => ({ label, control: authInput(name, type) }));
    inputs = made.map(({ control }) => control);
    place.replaceChildren(...made.map(({ label, control }) => field(label, control)));
  };
  types.addEventListener("change", show);
  return {
    element: element(
      "fieldset",
      {},
      element("legend", {}, "Credentials"),
      element(
        "p",
        { className: "quiet" },
        "Sent with every delivery in the header that your receiver expects. They are not shown again.",
      ),
      field("Kind", types),
      place,
    ),
    read: () => {
      const isSame = types.value === KEPT || (types.value === "none" && present === "none");
      if (isSame) return undefined;
      return {
        type: types.value,
        ...Object.fromEntries(inputs.map(({ name, value }) => [name.slice("auth.".length), value])),
      };
    },
    clear: show,
  };
}

function authInput(name: string, type: string): HTMLInputElement {
  // A password may be empty; the API says so of everything else.
  return input(`auth.${name}`, { type, required: name !== "password" });
}
