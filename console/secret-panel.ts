import { button, element } from "./element.ts";
import { run } from "./run.ts";

/** Shows a secret, which is possible only once. The panel stays until the user confirms that they stored it. */
export function showSecret(place: HTMLElement, name: string, secret: string, kept: () => void): void {
  const heading = element("h3", {}, `Secret of ${name}`);
  heading.tabIndex = -1;
  const panel = element("div", { className: "card", role: "group", "aria-label": `Secret of ${name}` });
  const keep = async (): Promise<void> => {
    panel.remove();
    kept();
  };
  panel.append(
    heading,
    element("p", {}, "Store it where your receiver verifies signatures. It is not shown again."),
    element("p", {}, element("code", { className: "secret" }, secret)),
    element(
      "div",
      { className: "row" },
      button("Copy", () => copy(secret)),
      button("I have stored it", keep),
    ),
  );
  place.append(panel);
  heading.focus();
}

/** Rejects over plain HTTP, which has no clipboard, and when the user denies access to it. */
function copy(secret: string): Promise<void> {
  return run("Copying", async () => {
    try {
      await navigator.clipboard.writeText(secret);
    } catch {
      return { bad: "The browser could not copy it: select the secret and copy it yourself." };
    }
    return "The secret was copied.";
  });
}
