import { visible } from "./visible-text.ts";

type Child = Node | string | undefined;
type Properties<Tag extends keyof HTMLElementTagNameMap> = {
  [Name in "className" | "id" | "hidden" | "title" | "lang"]?: HTMLElementTagNameMap[Tag][Name];
} & { [attribute: `aria-${string}`]: string; role?: string };

/** Returns the element of `index.html` with this id. */
export function place(id: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`#${id}`);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * Creates an element. Strings become text nodes with direction characters made visible, so that text from receivers and
 * owners can neither add markup nor change the order in which it is shown.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties<Tag> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role") made.setAttribute(name, visible(String(value)));
    else Reflect.set(made, name, value);
  }
  made.append(...textsOf(children));
  return made;
}

function textsOf(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) => {
    if (child === undefined) return [];
    return [typeof child === "string" ? visible(child) : child];
  });
}

/** Creates a button that ignores clicks while its action is running. */
export function button(
  label: string,
  act: () => Promise<void>,
  options: { main?: boolean; describes?: string } = {},
): HTMLButtonElement {
  const made = element("button", { className: options.main === true ? "main" : "" }, label);
  made.type = "button";
  if (options.describes !== undefined) describe(made, label, options.describes);
  made.addEventListener("click", () => void once(made, act));
  return made;
}

/** Sets a button's label, and for screen readers the object that it acts on. */
export function describe(made: HTMLButtonElement, label: string, describes: string): void {
  made.replaceChildren(label);
  made.setAttribute("aria-label", visible(`${label}: ${describes}`));
}

/**
 * Runs an action unless the button's last one is still running. The button is not disabled, because it would lose the
 * focus.
 */
export async function once(made: HTMLButtonElement, act: () => Promise<void>): Promise<void> {
  if (made.ariaDisabled === "true") return;
  made.ariaDisabled = "true";
  try {
    await act();
  } finally {
    made.ariaDisabled = null;
  }
}

/** Creates a description list. Terms without a description are left out. */
export function facts(rows: Readonly<Record<string, string | undefined>>): HTMLDListElement {
  return element(
    "dl",
    {},
    ...Object.entries(rows).flatMap(([term, description]) =>
      description === undefined ? [] : [element("dt", {}, term), element("dd", {}, description)],
    ),
  );
}

/** Creates a table with a caption. Columns of buttons have an empty heading. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly HTMLTableRowElement[],
): HTMLTableElement {
  const columns = heads.map((head) => {
    if (head === "") return element("td");
    const cell = element("th", {}, head);
    cell.scope = "col";
    return cell;
  });
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...columns)),
    element("tbody", {}, ...rows),
  );
}
