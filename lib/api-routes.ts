const WORKSPACE = "/v1/workspaces/{ws}";
const DESTINATION = `${WORKSPACE}/destinations/{dst}`;

/** Every route of the API by the part of the stack that answers it: `METHOD /path`, with path parameters in braces. */
export const API_ROUTES = {
  ingest: [`POST ${WORKSPACE}/events`],
  reading: [
    `GET ${WORKSPACE}/events`,
    `GET ${WORKSPACE}/events/export`,
    `GET ${WORKSPACE}/events/{id}`,
    `GET ${WORKSPACE}/exports`,
    `POST ${WORKSPACE}/exports`,
    `GET ${WORKSPACE}/exports/{exp}`,
  ],
  management: [
    `GET ${WORKSPACE}/entitlement`,
    `PUT ${WORKSPACE}/entitlement`,
    `DELETE ${WORKSPACE}/entitlement`,
    `GET ${WORKSPACE}/destinations`,
    `POST ${WORKSPACE}/destinations`,
    `GET ${DESTINATION}`,
    `PATCH ${DESTINATION}`,
    `DELETE ${DESTINATION}`,
    `POST ${DESTINATION}/test`,
    `POST ${DESTINATION}/enable`,
    `POST ${DESTINATION}/disable`,
    `POST ${DESTINATION}/rotate-secret`,
    `GET ${DESTINATION}/replays`,
    `POST ${DESTINATION}/replays`,
    `GET ${DESTINATION}/replays/{rpl}`,
    `DELETE ${DESTINATION}/replays/{rpl}`,
    `GET ${DESTINATION}/deliveries`,
    `GET ${DESTINATION}/deliveries/{whd}`,
    `POST ${DESTINATION}/deliveries/{whd}/retry`,
    `POST ${DESTINATION}/deliveries/{whd}/skip`,
  ],
  /** Routes that need no token. */
  open: [
    "GET /v1/health",
    "GET /openapi.json",
    "GET /problems/{kind}",
    "GET /console",
    "GET /console/{proxy+}",
  ],
} as const;
