/** Thrown when the API refuses a request or does not answer. The message is shown to the user. */
export class RefusalError extends Error {
  override name = "RefusalError";
  /** HTTP status; 0 if there was no response. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Problem {
  title?: string;
  detail?: string;
  field?: string;
}

/** Describes a response with an error status. */
export async function refusalOf(response: Response): Promise<RefusalError> {
  const { status } = response;
  return new RefusalError(status, sentencesOf(status, await problemOf(response), response.headers));
}

/** Describes a missing response. A read can simply be repeated; any other request may have been carried out. */
export function noAnswer(method: string): RefusalError {
  const next =
    method === "GET"
      ? "Check whether you are online, then try again."
      : "The change may have been made: refresh and check before you repeat it.";
  return new RefusalError(0, `Trailcast did not answer. ${next}`);
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const problem: Problem | null = await response.json();
    return problem ?? {};
  } catch {
    return {};
  }
}

function sentencesOf(status: number, problem: Problem, headers: Headers): string {
  if (status === 412) {
    return "This destination was changed in the meantime, so nothing was saved. Open Edit again to see its present values, and repeat your change if it still applies.";
  }
  const { title, detail, field } = problem;
  if (title === undefined) return withoutProblem(status, headers.get("retry-after"));
  // The field is not repeated if the detail already begins with it.
  const where = field === undefined || detail?.startsWith(field) === true ? "" : ` (${field})`;
  return [title + where, detail]
    .filter((part) => part !== undefined && part !== "")
    .map((part) => String(part).replace(/[^.!?…]$/, "$&."))
    .join(" ");
}

/** Describes a response of the gateway, which refuses some requests without a problem document. */
function withoutProblem(status: number, retryAfter: string | null): string {
  if (status === 401) return "The token is not valid or has expired.";
  if (status === 429) {
    const wait = retryAfter === null ? "a moment" : `${retryAfter} s`;
    return `Too many requests: nothing was done. Wait ${wait}, then try again.`;
  }
  if (status >= 500) return `Trailcast has an internal error (${status}). Try again in a moment.`;
  return `Trailcast refused the request (${status}).`;
}
