import * as z from "zod";
import { adviceOnFile } from "../local/advice.ts";
import { SigningKeyError } from "@trailcast/local-stack/access";
import { ApiRefusedError } from "./api-client.ts";
import { CliError } from "./cli-error.ts";

/** What to do, by the name or code of an error of an AWS client. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^(ExpiredToken|RequestExpired|TokenRefreshRequired)/,
    "The AWS credentials have expired. Sign in again, then repeat the command: nothing is done twice.",
  ],
  [
    /^(CredentialsProviderError|TokenProviderError)$/,
    "There are no AWS credentials that hold. Sign in (`aws sso login`), or set AWS_PROFILE or AWS_ACCESS_KEY_ID.",
  ],
  [
    /^(UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|InvalidSignature|SignatureDoesNotMatch)/,
    "AWS does not know the credentials of the environment. Check AWS_PROFILE and the keys.",
  ],
  [
    /^(AccessDenied|NotAuthorized|UnauthorizedOperation)/,
    "The credentials may not do this. Use others, or allow what the message names.",
  ],
  [
    /^(ResourceNotFound|QueueDoesNotExist|.*NonExistentQueue)/,
    "It is not there. Do AWS_PROFILE and AWS_REGION belong to the stack of --outputs?",
  ],
  [
    /^(ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|TimeoutError)/,
    "AWS, or the local stack, cannot be reached. Check the network and AWS_REGION, or start the stack anew.",
  ],
];

const NO_REGION = "No AWS Region is set. Set AWS_REGION to that of the stack, or a profile that has one.";
const UNREACHABLE =
  "The API cannot be reached. Check --api and the network, or that the stack of --data runs.";
const OTHER_FORM =
  "The answer has another form than this version knows. Is --api (or --outputs) of a Trailcast of this version?";

/** What an operator is told of an error that he can mend; `undefined` for a fault of ours, which needs its stack. */
export function explainFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof CliError || error instanceof ApiRefusedError || error instanceof SigningKeyError) {
    return error.message;
  }
  if (error.message === "Region is missing") return NO_REGION;
  if (error instanceof z.core.$ZodError) return `${error.name}: ${OTHER_FORM}`;
  if (isOfFetch(error)) return `${reasonOf(error)}: ${UNREACHABLE}`;
  const known = ADVICE.find(([names]) => names.test(error.name) || names.test(codeOf(error)));
  if (known === undefined && !isOfAws(error)) return adviceOnFile(error);
  const name = error.name === "Error" ? codeOf(error) : error.name;
  return [`${name}: ${error.message}`, ...(known === undefined ? [] : [known[1]])].join("\n");
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The SDK puts it on everything that a service answered. */
function isOfAws(error: Error): boolean {
  return "$metadata" in error;
}

function isOfFetch(error: Error): boolean {
  return error instanceof TypeError && /^(fetch failed|Failed to parse URL)/.test(error.message);
}

/** `fetch` tells why in the cause alone. */
function reasonOf(error: Error): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message === "" ? codeOf(cause) : cause.message;
}
