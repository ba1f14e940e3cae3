import { type ChainLink, chainHeader } from "./chain-header.ts";
import { authHeaders, authSecrets } from "../destination/auth.ts";
import { type Destination, type DestinationSecret, signingSecrets } from "../destination/destination.ts";
import { formatOf, type FormatName } from "../formats/known-formats.ts";
import type { SendRequest } from "./send.ts";
import { signBody } from "./signature.ts";

export interface RequestParts {
  destination: Pick<Destination, "url">;
  secret: DestinationSecret;
  format: FormatName;
  link: ChainLink;
  body: Uint8Array;
  /** Time of this attempt in milliseconds. */
  now: number;
  /** Version of the deployment, for `User-Agent`. */
  version: string;
}

/**
 * Builds the POST of one attempt with the present URL, headers, credentials and secrets. Trailcast's own headers take
 * precedence over all others.
 */
export function composeRequest(parts: RequestParts): SendRequest {
  const { destination, secret, format, link, body, now, version } = parts;
  const secrets = signingSecrets(secret, now);
  const timestamp = Math.floor(now / 1000);
  const signature = signBody(link.id, timestamp, body, secrets);
  const own = {
    "content-type": formatOf(format).contentType,
    "user-agent": `Trailcast/${version}`,
    "x-webhook-id": link.id,
    "x-webhook-timestamp": String(timestamp),
    "x-webhook-signature": signature,
    // The same three values under the names of Standard Webhooks, for its libraries.
    "webhook-id": link.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signature,
    "x-webhook-chain": chainHeader(link, secrets),
  };
  const { current, former, headers, auth } = secret;
  const others = Object.entries({ ...headers, ...authHeaders(auth) });
  const custom = others.filter(([name]) => !Object.hasOwn(own, name.toLowerCase()));
  return {
    url: destination.url,
    headers: { ...Object.fromEntries(custom), ...own },
    body,
    secrets: [current, ...former.map((old) => old.secret), ...Object.values(headers), ...authSecrets(auth)],
  };
}

/**
 * Returns the signed text for a diagnosis: the id, the attempt's time in Unix seconds and the body. It contains no
 * secret.
 */
export function signedContent(id: string, now: number, body: Uint8Array): string {
  return `${id}.${Math.floor(now / 1000)}.${Buffer.from(body).toString()}`;
}
