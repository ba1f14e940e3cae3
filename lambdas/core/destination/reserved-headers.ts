/** Header names that no owner may set, with the reason. */
export interface ReservedHeaders {
  /** Names in lower case with `-` for `_`. One that ends in `*` stands for every name with that prefix. */
  names: readonly string[];
  reason: string;
}

/** The only list: checks, documentation and OpenAPI document derive from it. */
export const RESERVED_HEADERS: readonly ReservedHeaders[] = [
  {
    names: [
      "x-webhook-*",
      "webhook-*",
      "ce-*",
      "x-trailcast-*",
      "user-agent",
      "traceparent",
      "tracestate",
      "baggage",
    ],
    reason: "Says which delivery this is, who sends it and that it is genuine: Trailcast sets these.",
  },
  {
    names: ["authorization"],
    reason:
      "Carries credentials and is acted on by gateways on the way: Trailcast sets it from the field `auth`.",
  },
  {
    names: ["content-*", "digest", "want-digest", "repr-digest", "accept-encoding", "range", "if-*"],
    reason:
      "Describes the body, or asks for another answer than the plain one: both are fixed by the contract.",
  },
  {
    names: [
      "host",
      "connection",
      "keep-alive",
      "transfer-encoding",
      "te",
      "trailer",
      "upgrade",
      "expect",
      "http2-settings",
      "max-forwards",
      "early-data",
      "date",
    ],
    reason: "Frames the message or steers the connection: another value could smuggle a second request.",
  },
  {
    names: [
      "x-http-method",
      "x-http-method-override",
      "x-method-override",
      "x-original-*",
      "x-rewrite-*",
      "x-host",
    ],
    reason: "Makes some servers act on another method, path or host than those that were checked.",
  },
  {
    names: ["cookie", "cookie2", "set-cookie", "set-cookie2"],
    reason: "Belongs to a session of a browser, and there is none.",
  },
  {
    names: [
      "proxy-*",
      "forwarded",
      "x-forwarded",
      "x-forwarded-*",
      "via",
      "x-real-ip",
      "x-client-ip",
      "x-cluster-client-ip",
      "x-remote-ip",
      "x-remote-addr",
      "true-client-ip",
      "client-ip",
      "x-envoy-*",
      "x-azure-*",
      "cf-connecting-*",
      "cf-ipcountry",
      "cf-ray",
      "cf-visitor",
      "cdn-loop",
      "fastly-client-ip",
      "fly-client-ip",
      "x-appengine-*",
      "x-vercel-*",
      "forwarded-for",
      "x-proxyuser-ip",
      "wl-proxy-*",
      "front-end-https",
      "x-scheme",
      "x-url-scheme",
      "remote-user",
      "x-remote-user",
      "client-cert",
      "client-cert-chain",
      "x-client-cert",
      "x-ssl-*",
      "ssl-client-*",
    ],
    reason:
      "Proxies and load balancers set it, and receivers trust it to tell where or from whom a request comes.",
  },
  {
    names: ["x-amz-*", "x-amzn-*", "x-aws-*"],
    reason: "AWS reads it: as parts of a signed request, roles, tokens and routing.",
  },
  {
    names: ["metadata", "metadata-flavor"],
    reason: "Metadata services of clouds take it as proof that they were asked on purpose.",
  },
  {
    names: ["sec-*", "origin", "referer", "access-control-*"],
    reason: "Browsers vouch for it, and receivers' defences against forged requests rely on that.",
  },
];

const reserved = RESERVED_HEADERS.flatMap(({ names, reason }) => names.map((name) => ({ name, reason })));

/**
 * Returns why a name is reserved; `undefined` if it is not. All punctuation counts as `-`, because some receivers read
 * it so.
 */
export function reservationOf(name: string): string | undefined {
  const folded = foldHeaderName(name);
  const found = reserved.find(({ name: entry }) =>
    entry.endsWith("*") ? folded.startsWith(entry.slice(0, -1)) : folded === entry,
  );
  return found?.reason;
}

/** Normalises a name as the least strict receiver reads it. */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "-");
}
