/** Thrown when the API refuses or does not answer; the message is for the reader. */
export class RefusalError extends Error {
  override name = "RefusalError";
  /** 0 without an answer. */
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

/** What the API answered instead of doing what was asked. */
export async function refusalOf(response: Response): Promise<RefusalError> {
  const { status } = response;
  return new RefusalError(status, sentencesOf(status, await problemOf(response), response.headers));
}

/** There is no answer: what only reads can be repeated, and of anything else nobody knows whether it was done. */
export function noAnswer(method: string): RefusalError {
  const next =
    method === "GET"
      ? "Look whether you are online, then try again."
      : "It may have been done all the same: refresh, and look, before you repeat it.";
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
    return "Somebody changed this destination meanwhile: nothing was saved. Open Edit again to see what it is now, and repeat your change if it still applies.";
  }
  const { title, detail, field } = problem;
  if (title === undefined) return withoutProblem(status, headers.get("retry-after"));
  // A detail that begins with the field names it.
  const where = field === undefined || detail?.startsWith(field) === true ? "" : ` (${field})`;
  return [title + where, detail]
    .filter((part) => part !== undefined && part !== "")
    .map((part) => String(part).replace(/[^.!?…]$/, "$&."))
    .join(" ");
}

/** Of the gateway before the functions. */
function withoutProblem(status: number, retryAfter: string | null): string {
  if (status === 401) return "The token is not valid, or no longer.";
  if (status === 429) {
    const wait = retryAfter === null ? "a moment" : `${retryAfter} s`;
    return `That was too much at once: nothing was done. Wait ${wait}, then try again.`;
  }
  if (status >= 500) return `Trailcast is out of order (${status}). Try again in a moment.`;
  return `Trailcast refused it (${status}).`;
}
