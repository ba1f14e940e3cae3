import { LOCAL_ACCOUNT } from "../region.ts";
import type { RawRoute } from "./http-endpoint.ts";

/** Actions that clients may call. */
export const STS_ACTIONS: readonly string[] = ["GetCallerIdentity"];

/** STS's `GetCallerIdentity`, which needs no permission. Tools use it to check whether they can reach AWS. */
export const stsRoute: RawRoute = (request, body, response, accessKeyId) => {
  if (request.method !== "POST" || request.url !== "/") return false;
  if (!STS_ACTIONS.includes(new URLSearchParams(body.toString("utf8")).get("Action") ?? "")) return false;
  const arn = `arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${accessKeyId ?? "nobody"}/local`;
  response.writeHead(200, { "content-type": "text/xml" });
  response.end(
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>${accessKeyId ?? ""}</UserId><Account>${LOCAL_ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
  );
  return true;
};
