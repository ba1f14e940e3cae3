import { button, element } from "./element.ts";

/** Asks before an action that cannot be undone. Resolves to `false` if the user cancels. */
export function confirmed(question: string, consequence: string, action: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const dialog = element("dialog", { className: "card", "aria-label": question });
  dialog.append(
    element("h3", {}, question),
    element("p", {}, consequence),
    element(
      "div",
      { className: "row" },
      button("Cancel", async () => dialog.close()),
      button(action, async () => dialog.close("yes"), { main: true }),
    ),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "yes");
  });
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}
