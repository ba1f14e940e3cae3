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

/** Makes an element. Text becomes text nodes: nothing that a receiver or an owner wrote is ever read as markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties<Tag> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role") made.setAttribute(name, String(value));
    else Reflect.set(made, name, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A button that is disabled while its action runs. */
export function button(
  label: string,
  act: () => Promise<void>,
  options: { main?: boolean; describes?: string } = {},
): HTMLButtonElement {
  const made = element("button", {
    className: options.main === true ? "main" : "",
    ...(options.describes !== undefined && { "aria-label": `${label}: ${options.describes}` }),
  });
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", () => {
    made.disabled = true;
    void act().finally(() => {
      made.disabled = false;
    });
  });
  return made;
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
