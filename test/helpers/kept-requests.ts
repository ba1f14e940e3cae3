import { chainHeader } from "../../lambdas/core/delivery/chain-header.ts";
import type { KeptRequest } from "../../lambdas/core/proof/kept-request.ts";
import { signBody } from "../../lambdas/core/delivery/signature.ts";

/** The secret with the number `seed`. */
export function secretOf(seed: number): string {
  return `whsec_${Buffer.alloc(32, seed).toString("base64")}`;
}

export const SECRET = secretOf(1);
export const OTHER = secretOf(2);

export interface KeptChanges {
  previousId?: string;
  body?: string;
  secrets?: readonly string[];
  id?: string;
  lane?: string;
  path?: string;
}

export const idOf = (number: number): string => (number === 0 ? "-" : `whd_${number}`);

/** The request that a receiver keeps of delivery `number` of a lane. */
export function kept(number: number, changes: KeptChanges = {}): KeptRequest {
  const {
    previousId = idOf(number - 1),
    body = `[${number}]`,
    secrets = [SECRET],
    id = idOf(number),
  } = changes;
  const { lane = "live", path } = changes;
  return {
    headers: {
      "X-Webhook-Id": id,
      "X-Webhook-Timestamp": "1795410000",
      "X-Webhook-Signature": signBody(id, 1_795_410_000, body, secrets),
      "X-Webhook-Chain": chainHeader({ lane, number, previousId, id }, secrets),
    },
    body,
    ...(path !== undefined && { path }),
  };
}

export function run(...numbers: number[]): KeptRequest[] {
  return numbers.map((number) => kept(number));
}

/** Deliveries `from` to `to` of a destination, whose ids begin with its name. */
export function span(name: string, from: number, to: number, changes: KeptChanges = {}): KeptRequest[] {
  const nameOf = (number: number): string => (number === 0 ? "-" : `whd_${name}_${number}`);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index).map((number) =>
    kept(number, { id: nameOf(number), previousId: nameOf(number - 1), ...changes }),
  );
}
