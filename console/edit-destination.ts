import type { DestinationAnswer } from "./api.ts";
import { confirmed } from "./confirm.ts";
import { destinationFields } from "./destination-fields.ts";
import { button } from "./element.ts";
import { form } from "./form.ts";
import { moment } from "./moment.ts";
import type { Surroundings } from "./surroundings.ts";

/** Opens a form over what the destination is at this moment; a change in between is refused, not overwritten. */
export async function editDestination(
  { id }: DestinationAnswer,
  page: Surroundings,
  results: HTMLElement,
): Promise<void> {
  await page.run("Reading", async () => {
    const { destination, etag } = await page.api.read(id);
    const { fields, read } = destinationFields(destination);
    const change = async (): Promise<string> => {
      await page.api.change(id, etag, read());
      await page.refresh();
      return `${destination.name} was changed.`;
    };
    const save = (beside: HTMLElement): Promise<void> => page.run("Saving", change, beside);
    results.replaceChildren(
      form(`Edit ${destination.name}`, "Save", save, ...fields),
      button("Cancel", async () => results.replaceChildren(), { describes: `edit ${destination.name}` }),
    );
    return undefined;
  });
}

export async function rotateSecret({ id, name }: DestinationAnswer, page: Surroundings): Promise<void> {
  const consequence =
    "Deliveries are signed with a new secret at once, and with the one before for a day more. Your receiver needs the new one by then.";
  if (!(await confirmed(`Rotate the secret of ${name}?`, consequence, "Rotate"))) return;
  await page.run("Rotating", async () => {
    const { secret, previousValidUntil } = await page.api.rotateSecret(id);
    page.showSecret(name, secret);
    return `${name} has a new secret; the one before signs until ${moment(previousValidUntil)}.`;
  });
}

export async function deleteDestination({ id, name }: DestinationAnswer, page: Surroundings): Promise<void> {
  const consequence =
    "Its secret, its delivery log and its replays go with it, and what still waits will not be delivered. This cannot be taken back.";
  if (!(await confirmed(`Delete ${name}?`, consequence, "Delete"))) return;
  await page.run("Deleting", async () => {
    await page.api.remove(id);
    await page.refresh();
    return `${name} was deleted.`;
  });
}
