import { button, element } from "./element.ts";

/** A secret, this once: the panel stays until its owner says that it is kept. */
export function showSecret(place: HTMLElement, name: string, secret: string): void {
  const heading = element("h3", {}, `Secret of ${name}`);
  heading.tabIndex = -1;
  const panel = element("div", { className: "card", role: "group", "aria-label": `Secret of ${name}` });
  panel.append(
    heading,
    element("p", {}, "Keep it where your receiver verifies signatures. It is not shown again."),
    element("p", {}, element("code", { className: "secret" }, secret)),
    element(
      "div",
      { className: "row" },
      button("Copy", () => navigator.clipboard.writeText(secret)),
      button("I have kept it", async () => panel.remove()),
    ),
  );
  place.append(panel);
  heading.focus();
}
