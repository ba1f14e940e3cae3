import { destinationFields } from "./destination-fields.ts";
import { element } from "./element.ts";
import { form } from "./form.ts";
import type { Surroundings } from "./surroundings.ts";

/** Creates the form for a new destination. */
export function newDestination(page: Surroundings): HTMLElement {
  const { fields, read, clear } = destinationFields();
  const create = async (): Promise<string> => {
    const { secret, ...created } = await page.api.create(read());
    // Done first, because the secret cannot be shown again if a later step fails.
    page.showSecret(created, secret, "test");
    page.show(created);
    made.reset();
    clear();
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
