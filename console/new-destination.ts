import type { CardSurroundings } from "./destination-card.ts";
import { button, element, field, form, input } from "./element.ts";

/** The form that creates a destination, and the one showing of its secret. */
export function newDestination(page: CardSurroundings): HTMLElement {
  const name = input("name", { required: true });
  const url = input("url", { type: "url", required: true });
  const format = select(["cloudevents-batch", "cloudevents-structured"]);
  const eventTypes = input("eventTypes");
  const secretPlace = element("div");
  const create = (): Promise<void> =>
    page.run("Creating", async () => {
      const created = await page.api.create({
        name: name.value,
        url: url.value,
        format: format.value,
        eventTypes: eventTypes.value.split(",").flatMap((type) => (type.trim() === "" ? [] : [type.trim()])),
      });
      await page.refresh();
      name.form?.reset();
      showSecret(secretPlace, created.name, created.secret);
      return `${created.name} was created.`;
    });
  return element(
    "section",
    { className: "card", "aria-labelledby": "new-destination" },
    element("h3", { id: "new-destination" }, "New destination"),
    secretPlace,
    form(
      "New destination",
      "Create",
      create,
      field("Name", name),
      field("URL", url, "An https:// address that is reachable from the internet"),
      field("Format", format),
      field("Event types", eventTypes, "Separated by commas, such as pro.atmos.billing.*; empty for all"),
    ),
  );
}

function select(values: readonly string[]): HTMLSelectElement {
  const made = element("select");
  for (const value of values) made.append(new Option(value, value));
  return made;
}

/** The secret, this once. */
function showSecret(place: HTMLElement, name: string, secret: string): void {
  const heading = element("h3", {}, `Secret of ${name}`);
  heading.tabIndex = -1;
  place.replaceChildren(
    element(
      "div",
      { className: "card", role: "group", "aria-label": `Secret of ${name}` },
      heading,
      element("p", {}, "Keep it where your receiver verifies signatures. It is not shown again."),
      element("p", {}, element("code", { id: "secret" }, secret)),
      element(
        "div",
        { className: "row" },
        button("Copy", () => navigator.clipboard.writeText(secret)),
        button("I have kept it", async () => place.replaceChildren()),
      ),
    ),
  );
  heading.focus();
}
