import * as z from "zod";
import { adviceOnFile } from "../local/advice.ts";
import { SigningKeyError } from "@trailcast/local-stack/access";
import { ApiRefusedError } from "./api-client.ts";
import { CliError } from "./cli-error.ts";

/** Advice for errors of AWS clients, by the error's name or code. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^(ExpiredToken|RequestExpired|TokenRefreshRequired)/,
    "The AWS credentials have expired. Sign in again and repeat the command; that is safe.",
  ],
  [
    /^(CredentialsProviderError|TokenProviderError)$/,
    "There are no valid AWS credentials. Sign in (`aws sso login`), or set AWS_PROFILE or AWS_ACCESS_KEY_ID.",
  ],
  [
    /^(UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|InvalidSignature|SignatureDoesNotMatch)/,
    "AWS does not know the credentials of the environment. Check AWS_PROFILE and the keys.",
  ],
  [
    /^(AccessDenied|NotAuthorized|UnauthorizedOperation)/,
    "The credentials lack this permission. Use others, or allow the action that the message names.",
  ],
  [
    /^(ResourceNotFound|QueueDoesNotExist|.*NonExistentQueue)/,
    "It does not exist. Do AWS_PROFILE and AWS_REGION belong to the stack of --outputs?",
  ],
  [
    /^(ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|TimeoutError)/,
    "AWS, or the local stack, cannot be reached. Check the network and AWS_REGION, or restart the stack.",
  ],
];

const NO_REGION =
  "No AWS Region is set. Set AWS_REGION to the stack's Region, or AWS_PROFILE to a profile that has one.";
const UNREACHABLE =
  "The API cannot be reached. Check --api and the network, and whether the stack of --data is running.";
const UNEXPECTED_FORMAT = "Unexpected response format; the versions of command line and API may differ.";

/**
 * Returns the message for an error that the operator can fix. `undefined` means a bug, which is printed with its stack
 * trace.
 */
export function explainFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof CliError || error instanceof ApiRefusedError || error instanceof SigningKeyError) {
    return error.message;
  }
  if (error.message === "Region is missing") return NO_REGION;
  if (error instanceof z.core.$ZodError) return `${error.name}: ${UNEXPECTED_FORMAT}`;
  if (isOfFetch(error)) return `${reasonOf(error)}: ${UNREACHABLE}`;
  const known = ADVICE.find(([names]) => names.test(error.name) || names.test(codeOf(error)));
  if (known === undefined && !isOfAws(error)) return adviceOnFile(error);
  const name = error.name === "Error" ? codeOf(error) : error.name;
  return [`${name}: ${error.message}`, ...(known === undefined ? [] : [known[1]])].join("\n");
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The AWS SDK adds `$metadata` to every error that a service returned. */
function isOfAws(error: Error): boolean {
  return "$metadata" in error;
}

function isOfFetch(error: Error): boolean {
  return error instanceof TypeError && /^(fetch failed|Failed to parse URL)/.test(error.message);
}

/** `fetch` gives the reason of a failure only in the error's cause. */
function reasonOf(error: Error): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message === "" ? codeOf(cause) : cause.message;
}
