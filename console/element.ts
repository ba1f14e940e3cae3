import { visible } from "./visible-text.ts";

type Child = Node | string | undefined;
type Properties<Tag extends keyof HTMLElementTagNameMap> = {
  [Name in "className" | "id" | "hidden" | "title" | "lang"]?: HTMLElementTagNameMap[Tag][Name];
} & { [attribute: `aria-${string}`]: string; role?: string };

/** What `index.html` has under this id. */
export function place(id: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`#${id}`);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Makes an element. Text becomes visible text nodes: nothing that a receiver or an owner wrote is read as markup, or turned around. */
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

/** A button that does nothing more while its action runs. */
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

/** What a button says, and of what it does it. */
export function describe(made: HTMLButtonElement, label: string, describes: string): void {
  made.replaceChildren(label);
  made.setAttribute("aria-label", visible(`${label}: ${describes}`));
}

/** Acts unless it still does. A disabled button would lose the focus, and the reader the place. */
export async function once(made: HTMLButtonElement, act: () => Promise<void>): Promise<void> {
  if (made.ariaDisabled === "true") return;
  made.ariaDisabled = "true";
  try {
    await act();
  } finally {
    made.ariaDisabled = null;
  }
}

/** Terms and their descriptions; those without one are left out. */
export function facts(rows: Readonly<Record<string, string | undefined>>): HTMLDListElement {
  return element(
    "dl",
    {},
    ...Object.entries(rows).flatMap(([term, description]) =>
      description === undefined ? [] : [element("dt", {}, term), element("dd", {}, description)],
    ),
  );
}

/** A table with its caption; an empty head is of a column that has buttons. */
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
