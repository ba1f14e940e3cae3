/**
 * The rules of the egress guard: the name of each refusal and the sentence that the owner reads. No sentence contains
 * anything of the refused URL or address, so that neither the API nor a test event reveals what an internal network
 * contains.
 */
export const EGRESS_RULES = {
  "url-too-long": "The URL must have at most 2,048 characters.",
  "url-invalid": "This is not a URL that can be parsed.",
  "url-scheme": "The URL must begin with https:// and a host.",
  "url-invisible-character": "The URL must not contain white space, control or invisible characters.",
  "url-backslash": "The URL must not contain a backslash.",
  "url-userinfo": "The URL must not carry a user name or password: use a header.",
  "url-fragment": "The URL must not have a fragment.",
  "host-percent-encoded": "The host must not contain a percent sign: neither encoding nor a zone id.",
  "host-invalid": "The host must be a name as DNS has it, or an IP address.",
  "host-single-label":
    "The host must be a full name: a single label means something on an internal network only.",
  "host-internal": "The host ends in a domain that is kept for internal networks.",
  "port-not-allowed": "The port must be 443, or 1024 and above and none of those that browsers block.",
  "address-not-public": "The host must be an address that is reachable from the internet.",
  // One rule for "no such name" and "the name has an internal address": distinguishing them would let a caller map an
  // internal network.
  "no-public-address": "The name has no address, or not only such as are reachable from the internet.",
  "address-changed": "The connection did not go to the address that was checked.",
} as const;

export type EgressRule = keyof typeof EGRESS_RULES;

export interface EgressRefusal {
  kind: "refused";
  rule: EgressRule;
  /** A sentence for the owner that may be part of an answer of the API. */
  detail: string;
}

export function egressRefusal(rule: EgressRule): EgressRefusal {
  return { kind: "refused", rule, detail: EGRESS_RULES[rule] };
}
