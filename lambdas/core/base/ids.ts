import { createHash } from "node:crypto";
import { ulid } from "ulid";
import type { RandomBytes } from "./random.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const KEY_BYTES = 16;

export const WORKSPACE_ID = /^ws_[A-Za-z0-9_]{1,61}$/;
const ENTRY_KEY = /^ent_[0-9a-hjkmnp-tv-z]{26}$/;
const EVENT_ID = /^aud_([0-9a-hjkmnp-tv-z]{26})([0-9]{2})$/;

export function isWorkspaceId(id: string): boolean {
  return WORKSPACE_ID.test(id);
}

/** 26 characters of Crockford's base 32, lower case, for 16 bytes. */
function encode(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((pending >> bits) & 31);
    }
    pending &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((pending << (5 - bits)) & 31);
}

/**
 * The entry key that an `Idempotency-Key` stands for, so that a repeat of the request finds the entry of the first one.
 */
export function entryKeyOf(workspace: string, idempotencyKey: string): string {
  const digest = createHash("sha256").update(`${workspace}\n${idempotencyKey}`).digest();
  return `ent_${encode(digest.subarray(0, KEY_BYTES))}`;
}

/** The entry key of a request without an `Idempotency-Key`. */
export function newEntryKey(random: RandomBytes): string {
  return `ent_${encode(random(KEY_BYTES))}`;
}

export function isEntryKey(id: string): boolean {
  return ENTRY_KEY.test(id);
}

/** The id of an event. `position` is its index in the request, 0 to 99. */
export function eventId(entry: string, position: number): string {
  return `aud_${entry.slice(4)}${String(position).padStart(2, "0")}`;
}

/** The entry key and the index that an event id consists of; `undefined` for any other text. */
export function placeOfEvent(id: string): { entry: string; position: number } | undefined {
  const [, key, position] = EVENT_ID.exec(id) ?? [];
  if (key === undefined || position === undefined) return undefined;
  return { entry: `ent_${key}`, position: Number(position) };
}

export type IdPrefix = "dst_" | "rpl_" | "whd_" | "rct_" | "exp_";

/** A new id of prefix and ULID: comparing ids as text compares their times. `now` in milliseconds. */
export function newId(prefix: IdPrefix, now: number, random: RandomBytes): string {
  const bytes = random(KEY_BYTES);
  let next = 0;
  return prefix + ulid(now, () => (bytes[next++ % KEY_BYTES] ?? 0) / 256);
}

/** The shard of the workspace's Events partition key that holds an entry; 0 unless the workspace has several shards. */
export function shardOf(entry: string, shards: number): number {
  if (shards <= 1) return 0;
  return createHash("sha256").update(entry).digest().readUInt32BE(0) % shards;
}
