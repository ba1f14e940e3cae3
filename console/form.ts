import { element, once } from "./element.ts";

/** Creates a form field with its label and an optional hint. */
export function field<Control extends HTMLInputElement | HTMLSelectElement>(
  label: string,
  control: Control,
  hint?: string,
): HTMLLabelElement {
  return element(
    "label",
    {},
    element("span", {}, label),
    control,
    hint === undefined ? undefined : element("small", {}, hint),
  );
}

export function input(name: string, options: { type?: string; required?: boolean } = {}): HTMLInputElement {
  const made = element("input");
  made.name = name;
  made.type = options.type ?? "text";
  made.required = options.required ?? false;
  made.autocomplete = "off";
  made.spellcheck = false;
  return made;
}

/**
 * Creates a form that runs `act` instead of being sent by the browser. `act` gets the element beside the button, where
 * errors are shown.
 */
export function form(
  label: string,
  action: string,
  act: (beside: HTMLElement) => Promise<void>,
  ...children: Node[]
): HTMLFormElement {
  const submit = element("button", { className: "main" }, action);
  const beside = element("p", { className: "refusal", role: "alert" });
  const made = element("form", { "aria-label": label }, ...children, submit, beside);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void once(submit, () => act(beside));
  });
  return made;
}

/** Focuses the first invalid field of a section that was just opened, or its first field. */
export function focusFirst(opened: HTMLElement): void {
  const wanting = opened.querySelector<HTMLInputElement>("input:invalid");
  (wanting ?? opened.querySelector("input"))?.focus();
}
