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

/** Allows only the console's own files and its API: no inline code, no frames, no plug-ins, no forms to other sites. */
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
  /** Sent as base64, because the gateway only passes on text. */
  binary: boolean;
}

function extensionOf(path: string): string | undefined {
  return /\.([a-z0-9]+)$/.exec(path)?.[1];
}

/** The file for a path below `/console/`: the console's page, unless the path looks like a file's. */
export function consolePath(path: string): string {
  return extensionOf(path) === undefined ? "index.html" : path;
}

/** The headers for a file of the console; `undefined` for a type that the console does not have. */
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
      // The page is not stored, because it names the files of one deployment and does not work with those of another.
      "cache-control": type.startsWith("text/html") ? "no-store" : "no-cache",
    },
    binary: !/^(text\/|application\/(json|manifest)|image\/svg)/.test(type),
  };
}
