import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import {
  createDynamoDb,
  createSqs,
  openDatabase,
  type DynamoDbService,
  type SqsService,
} from "../aws/services.ts";
import { openSecretStore, type SecretStore } from "../aws/secrets/secret-store.ts";
import type { VirtualClock } from "../clock.ts";
import { openLogFiles, type LogFiles } from "../functions/function-logs.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../region.ts";
import { openState } from "./state.ts";

/** Everything in a data folder that is kept between runs. */
export interface Storage {
  state: DatabaseSync;
  dynamodb: DynamoDbService;
  sqs: SqsService;
  secrets: SecretStore;
  logs: LogFiles;
  /** Sets the endpoint's address, which is part of queue URLs and known only after the queues were opened. */
  setEndpoint(url: string): void;
  close(): Promise<void>;
}

export function openStorage(dir: string, clock: VirtualClock): Storage {
  const place = { clock: clock.now, region: LOCAL_REGION, accountId: LOCAL_ACCOUNT };
  const database = openDatabase(join(dir, "aws.db"));
  const state = openState(dir);
  const logs = openLogFiles(dir);
  let endpoint = "";
  const sqs = createSqs({ ...place, database, endpoint: () => endpoint, realDelay: clock.realDelay });
  return {
    state,
    dynamodb: createDynamoDb({ ...place, database }),
    sqs,
    secrets: openSecretStore(state, clock.now),
    logs,
    setEndpoint: (url) => {
      endpoint = url;
    },
    close: async () => {
      sqs.close();
      await logs.close();
      database.close();
      state.close();
    },
  };
}
