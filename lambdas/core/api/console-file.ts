const TYPES = new Map<string, string>(
  Object.entries({
    html: "text/html; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    css: "text/css; charset=utf-8",
    json: "application/json",
    svg: "image/svg+xml",
    png: "image/png",
    ico: "image/x-icon",
    woff2: "font/woff2",
    txt: "text/plain; charset=utf-8",
    webmanifest: "application/manifest+json",
  }),
);

/** Only the console's own files and API; nothing inline, nothing framed, no plug-in, no form that leaves. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

export interface ConsoleAnswer {
  headers: Record<string, string>;
  /** Sent as base64: the gateway passes on text only. */
  binary: boolean;
}

function extensionOf(path: string): string | undefined {
  return /\.([a-z0-9]+)$/.exec(path)?.[1];
}

/** The file that a path below `/console/` means: a page of the console, when it does not look like a file. */
export function consolePath(path: string): string {
  return extensionOf(path) === undefined ? "index.html" : path;
}

/** Headers of a file of the console; `undefined` for a type that the console does not have. */
export function consoleAnswer(path: string): ConsoleAnswer | undefined {
  const type = TYPES.get(extensionOf(path) ?? "");
  if (type === undefined) return undefined;
  return {
    headers: {
      "content-type": type,
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "strict-transport-security": "max-age=63072000",
      // The page names the files of one deployment: an old page with new files is a broken one.
      "cache-control": type.startsWith("text/html") ? "no-store" : "no-cache",
    },
    binary: !/^(text\/|application\/(json|manifest)|image\/svg)/.test(type),
  };
}
