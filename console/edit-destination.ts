import type { DestinationAnswer } from "./api.ts";
import { confirmed } from "./confirm.ts";
import { destinationFields } from "./destination-fields.ts";
import { button } from "./element.ts";
import { focusFirst, form } from "./form.ts";
import { moment } from "./moment.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Opens a form with the destination's present values. If the destination changes before the form is submitted, the API
 * refuses the change.
 */
export async function editDestination(
  { id }: DestinationAnswer,
  page: Surroundings,
  place: HTMLElement,
): Promise<void> {
  await page.run("Reading", async () => {
    const { destination, etag } = await page.api.read(id);
    page.show(destination);
    const { fields, read } = destinationFields(destination);
    const close = (): void => {
      place.replaceChildren();
      page.focus(id, "edit");
    };
    const change = async (): Promise<string> => {
      page.show(await page.api.change(id, etag, read()));
      close();
      return `${destination.name} was changed.`;
    };
    const save = (beside: HTMLElement): Promise<void> => page.run("Saving", change, beside);
    place.replaceChildren(
      form(`Edit ${destination.name}`, "Save", save, ...fields),
      button("Cancel", async () => close(), { describes: `edit ${destination.name}` }),
    );
    focusFirst(place);
    return undefined;
  });
}

export async function toggleDestination(
  { id, name }: DestinationAnswer,
  isStopped: boolean,
  page: Surroundings,
): Promise<void> {
  await page.run(isStopped ? "Enabling" : "Disabling", async () => {
    page.show(await (isStopped ? page.api.enable(id) : page.api.disable(id)));
    return isStopped
      ? `${name} resumes where it stopped.`
      : `${name} is disabled; its events are kept for later.`;
  });
}

export async function rotateSecret(destination: DestinationAnswer, page: Surroundings): Promise<void> {
  const { id, name } = destination;
  const consequence =
    "Deliveries are signed with a new secret at once, and for one more day also with the previous one. Your receiver needs the new one by then.";
  if (!(await confirmed(`Rotate the secret of ${name}?`, consequence, "Rotate"))) return;
  await page.run("Rotating", async () => {
    const { secret, previousValidUntil } = await page.api.rotateSecret(id);
    page.showSecret(destination, secret, "rotate");
    return `${name} has a new secret; the previous one also signs until ${moment(previousValidUntil)}.`;
  });
}

export async function deleteDestination({ id, name }: DestinationAnswer, page: Surroundings): Promise<void> {
  const consequence =
    "This also deletes its secret, delivery log and replays. Events that are still waiting will not be delivered. This cannot be undone.";
  if (!(await confirmed(`Delete ${name}?`, consequence, "Delete"))) return;
  await page.run("Deleting", async () => {
    await page.api.remove(id);
    page.drop(id);
    return `${name} was deleted.`;
  });
}
