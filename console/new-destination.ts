import { destinationFields } from "./destination-fields.ts";
import { element } from "./element.ts";
import { form } from "./form.ts";
import type { Surroundings } from "./surroundings.ts";

/** The form that creates a destination. */
export function newDestination(page: Surroundings): HTMLElement {
  const { fields, read, clear } = destinationFields();
  const create = async (): Promise<string> => {
    const created = await page.api.create(read());
    // First of all, for nothing can show it again: what comes after may fail.
    page.showSecret(created.name, created.secret);
    made.reset();
    clear();
    await page.refresh();
    return `${created.name} was created.`;
  };
  const submit = (beside: HTMLElement): Promise<void> => page.run("Creating", create, beside);
  const made = form("New destination", "Create", submit, ...fields);
  return element(
    "section",
    { className: "card", "aria-labelledby": "new-destination" },
    element("h3", { id: "new-destination" }, "New destination"),
    made,
  );
}
