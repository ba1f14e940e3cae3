import { button, element } from "./element.ts";
import { run } from "./run.ts";

/** A secret, this once: the panel stays until its owner says that it is kept. */
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
    element("p", {}, "Keep it where your receiver verifies signatures. It is not shown again."),
    element("p", {}, element("code", { className: "secret" }, secret)),
    element(
      "div",
      { className: "row" },
      button("Copy", () => copy(secret)),
      button("I have kept it", keep),
    ),
  );
  place.append(panel);
  heading.focus();
}

/** Over plain HTTP there is no clipboard, and elsewhere a reader may forbid it. */
function copy(secret: string): Promise<void> {
  return run("Copying", async () => {
    try {
      await navigator.clipboard.writeText(secret);
    } catch {
      return { bad: "The browser did not copy it: select the secret, and copy it yourself." };
    }
    return "The secret was copied.";
  });
}
