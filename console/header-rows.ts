import { button, element } from "./element.ts";
import { field, input } from "./form.ts";

/**
 * A change of headers as the API takes it: a value sets a header, `null` removes it, and headers that are not named
 * stay.
 */
export type HeaderChange = Record<string, string | null>;

interface Row {
  element: HTMLElement;
  /** Name of a header that is already stored; such a name cannot be edited. */
  kept: string | undefined;
  name: HTMLInputElement;
  /** Missing while the stored value is kept. */
  value: HTMLInputElement | undefined;
}

/** Custom headers of a destination as rows. Values are write-only: a stored one is kept, replaced or removed. */
export interface HeaderRows {
  element: HTMLElement;
  /** Returns the differences from the stored headers. */
  read(): HeaderChange;
  clear(): void;
}

export function headerRows(present: readonly string[] = []): HeaderRows {
  const rows = new Set<Row>();
  const removed = new Set<string>();
  const list = element("div");
  const add = button("Add header", async () => {
    const row = newRow(() => drop(row));
    put(row);
    row.name.focus();
  });
  const put = (row: Row): void => {
    rows.add(row);
    list.append(row.element);
  };
  const drop = (row: Row): void => {
    rows.delete(row);
    row.element.remove();
    if (row.kept !== undefined) removed.add(row.kept);
    refuseTwice([...rows]);
    add.focus();
  };
  for (const name of present) {
    const row = keptRow(name, () => drop(row));
    put(row);
  }
  list.addEventListener("input", () => refuseTwice([...rows]));
  return {
    element: element(
      "fieldset",
      {},
      element("legend", {}, "Headers"),
      element(
        "p",
        { className: "quiet" },
        "Sent with every delivery, such as a key of your intake. Values are not shown again.",
      ),
      list,
      add,
    ),
    read: () => changeOf(removed, [...rows]),
    clear: () => {
      rows.clear();
      removed.clear();
      list.replaceChildren();
    },
  };
}

/** A name that was removed and then added again, in any case of letters, counts as set. */
function changeOf(removed: ReadonlySet<string>, rows: readonly Row[]): HeaderChange {
  const change: Record<string, string | null> = {};
  for (const name of removed) change[name] = null;
  for (const { name, value } of rows) {
    if (value === undefined) continue;
    const other = Object.keys(change).find((key) => key.toLowerCase() === name.value.toLowerCase());
    if (other !== undefined) delete change[other];
    change[name.value] = value.value;
  }
  return change;
}

/** Marks duplicate names as invalid: the last value would otherwise silently win. */
function refuseTwice(rows: readonly Row[]): void {
  const seen = new Set<string>();
  for (const { name } of rows) {
    const folded = name.value.toLowerCase();
    name.setCustomValidity(seen.has(folded) ? "There is already a header with this name." : "");
    seen.add(folded);
  }
}

function newRow(drop: () => void): Row {
  const name = input("headerName", { required: true });
  const value = valueInput();
  const made = element(
    "div",
    { className: "row header" },
    field("Name", name),
    field("Value", value),
    button("Remove", async () => drop(), { describes: "this header" }),
  );
  return { element: made, kept: undefined, name, value };
}

function keptRow(kept: string, drop: () => void): Row {
  const name = input("headerName");
  name.value = kept;
  name.readOnly = true;
  const state = element("p", { className: "quiet" }, "kept");
  const row: Row = { element: element("div", { className: "row header" }), kept, name, value: undefined };
  const replace = button(
    "Replace",
    async () => {
      const value = valueInput();
      row.value = value;
      state.replaceWith(field("Value", value));
      replace.remove();
      value.focus();
    },
    { describes: kept },
  );
  const remove = button("Remove", async () => drop(), { describes: kept });
  row.element.append(field("Name", name), state, replace, remove);
  return row;
}

/** A value is hidden while it is typed, like the token. */
function valueInput(): HTMLInputElement {
  return input("headerValue", { type: "password" });
}
