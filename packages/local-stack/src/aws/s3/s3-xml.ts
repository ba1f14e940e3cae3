/** A value in S3's responses: nested elements, with repeated ones as arrays. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | { [name: string]: XmlValue }
  | readonly XmlValue[];

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return "";
  if (isList(value)) return value.map((one) => element(name, one)).join("");
  if (typeof value === "object") return `<${name}>${children(value)}</${name}>`;
  return `<${name}>${escape(String(value))}</${name}>`;
}

const isList = (value: XmlValue): value is readonly XmlValue[] => Array.isArray(value);

function children(value: { [name: string]: XmlValue }): string {
  return Object.entries(value)
    .map(([name, inner]) => element(name, inner))
    .join("");
}

export function xmlDocument(root: string, value: { [name: string]: XmlValue }): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${children(value)}</${root}>`;
}

/**
 * The texts of all elements with this name, in order, which is enough for the two small documents that clients send.
 */
export function xmlTexts(document: string, name: string): string[] {
  const pattern = new RegExp(`<${name}>([^<]*)</${name}>`, "g");
  return [...document.matchAll(pattern)].map(([, text = ""]) =>
    text
      .replaceAll("&quot;", '"')
      .replaceAll("&#34;", '"')
      .replaceAll("&apos;", "'")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
  );
}
