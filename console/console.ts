import { type Api, createApi } from "./api.ts";
import { destinationCard } from "./destination-card.ts";
import { button, element, place } from "./element.ts";
import { field, form, input } from "./form.ts";
import { newDestination } from "./new-destination.ts";
import { run, tell } from "./run.ts";
import { showSecret } from "./secret-panel.ts";
import { forgetSession, savedSession, saveSession, type Session } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

const main = place("main");
const where = place("where");
const leave = place("leave");

function showSignIn(): void {
  where.textContent = "";
  leave.hidden = true;
  const workspace = input("workspace", { required: true });
  const token = input("token", { type: "password", required: true });
  const open = (beside: HTMLElement): Promise<void> =>
    run(
      "Opening",
      async () => {
        await showWorkspace({ workspace: workspace.value.trim(), token: token.value.trim() });
        return undefined;
      },
      beside,
    );
  main.replaceChildren(
    element("h2", {}, "Open a workspace"),
    form(
      "Open a workspace",
      "Open",
      open,
      field("Workspace", workspace, "Such as ws_demo"),
      field(
        "Token",
        token,
        "A bearer token with the scopes destinations:read and destinations:write. It stays in this tab.",
      ),
    ),
  );
  workspace.focus();
}

/** Throws `RefusalError` when the token may not. */
async function showWorkspace(session: Session): Promise<void> {
  const api = createApi(session);
  const list = element("div");
  const secrets = element("div");
  const refresh = async (): Promise<void> => fillList(list, api, surroundings);
  const surroundings: Surroundings = {
    api,
    run,
    refresh,
    showSecret: (name, secret) => showSecret(secrets, name, secret),
  };
  await refresh();
  saveSession(session);
  where.textContent = session.workspace;
  leave.hidden = false;
  main.replaceChildren(
    element(
      "div",
      { className: "row" },
      element("h2", {}, "Destinations"),
      button("Refresh", () =>
        run("Reading", async () => {
          await refresh();
          return undefined;
        }),
      ),
    ),
    secrets,
    list,
    newDestination(surroundings),
  );
  main.focus();
}

async function fillList(list: HTMLElement, api: Api, surroundings: Surroundings): Promise<void> {
  const destinations = await api.list();
  list.replaceChildren(
    ...(destinations.length === 0
      ? [element("p", {}, "No destinations yet.")]
      : destinations.map((destination) => destinationCard(destination, surroundings))),
  );
}

leave.addEventListener("click", () => {
  forgetSession();
  tell("");
  showSignIn();
});

const saved = savedSession();
if (saved === undefined) showSignIn();
else
  await run("Opening", async () => {
    try {
      await showWorkspace(saved);
    } catch (error) {
      forgetSession();
      showSignIn();
      throw error;
    }
    return undefined;
  });
