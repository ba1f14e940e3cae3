import type { DestinationAnswer, TestAnswer } from "./api.ts";
import { element, facts } from "./element.ts";
import type { Surroundings } from "./surroundings.ts";

/** Sends a test event and shows the result. */
export async function testNow(
  { id, name }: DestinationAnswer,
  page: Surroundings,
  results: HTMLElement,
): Promise<void> {
  await page.run("Sending a test event", async () => {
    const answer = await page.api.test(id);
    results.replaceChildren(testResult(answer));
    return answer.ok ? `${name} accepted the test event.` : { bad: `${name} did not accept the test event.` };
  });
}

function testResult({ ok, attempt }: TestAnswer): HTMLElement {
  const rows = Object.entries(attempt).map(([key, value]) => [words(key), plain(value)] as const);
  return element(
    "div",
    {},
    element("h3", { className: ok ? "" : "bad" }, ok ? "Test event: delivered" : "Test event: not delivered"),
    refusesCredentials(attempt)
      ? element(
          "p",
          { className: "bad" },
          "The receiver refused the credentials. Edit the destination, and enter its credentials, or the header that carries its key, again.",
        )
      : undefined,
    facts(Object.fromEntries(rows)),
  );
}

function refusesCredentials({ statusCode }: TestAnswer["attempt"]): boolean {
  return statusCode === 401 || statusCode === 403;
}

/** Turns `statusCode` into "Status code". */
function words(key: string): string {
  const spaced = key.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function plain(value: unknown): string | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value !== "object") return String(value);
  const inner = Object.entries(value).map(
    ([key, part]) => `${words(key).toLowerCase()} ${plain(part) ?? "none"}`,
  );
  return inner.join(", ");
}
