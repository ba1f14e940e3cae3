import { createApi } from "./api.ts";
import { destinationList } from "./destination-list.ts";
import { button, element } from "./element.ts";
import { newDestination } from "./new-destination.ts";
import { RefusalError } from "./refusal.ts";
import { run, type Run } from "./run.ts";
import { showSecret } from "./secret-panel.ts";
import type { Session } from "./session.ts";
import { signInAgain } from "./sign-in.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Shows the destinations of a workspace.
 *
 * @throws RefusalError when they cannot be read
 */
export async function workspaceView(session: Session): Promise<HTMLElement[]> {
  const api = createApi(session);
  const secrets = element("div");
  const page: Surroundings = {
    api,
    run: runWith(session),
    show: (destination) => list.show(destination),
    drop: (id) => list.drop(id),
    focus: (id, action) => list.focus(id, action),
    showSecret: ({ id, name }, secret, next) => showSecret(secrets, name, secret, () => list.focus(id, next)),
  };
  const list = destinationList(page);
  list.fill(await api.list());
  const refresh = (): Promise<void> =>
    page.run("Reading", async () => {
      list.fill(await api.list());
      return undefined;
    });
  const head = element(
    "div",
    { className: "row" },
    element("h2", {}, "Destinations"),
    button("Refresh", refresh),
  );
  return [head, secrets, list.element, newDestination(page)];
}

/**
 * Runs an action and asks for another token when the present one is no longer valid. Does not repeat the action: part
 * of it may be done.
 */
function runWith(session: Session): Run {
  return (doing, action, beside) =>
    run(
      doing,
      async () => {
        try {
          return await action();
        } catch (error) {
          if (error instanceof RefusalError && error.status === 401) signInAgain(run, session);
          throw error;
        }
      },
      beside,
    );
}
