import { createSocket } from "node:dgram";
import dnsPacket from "dns-packet";

/**
 * A name server's answer to one question. `addresses` may be of both families; only those of the requested one are
 * sent.
 */
export type NameAnswer =
  | { addresses: readonly string[]; alias?: string }
  | "no-such-name"
  | "no-data"
  | "server-failure"
  | "refused"
  | "silence";

export interface NameServer {
  /** `address:port` for a resolver. */
  server: string;
  /** Queried names with their record types, in order. */
  asked: readonly string[];
  stop(): Promise<void>;
}

const CODES = { "no-such-name": 3, "no-data": 0, "server-failure": 2, refused: 5 } as const;

/**
 * A real UDP name server on loopback that answers as `answer` says. `times` is the number of earlier queries for that
 * name and type.
 */
export async function startNameServer(
  answer: (name: string, type: "A" | "AAAA", times: number) => NameAnswer,
): Promise<NameServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (message, { address, port }) => {
    const query = dnsPacket.decode(message);
    const [question] = query.questions ?? [];
    if (question === undefined || (question.type !== "A" && question.type !== "AAAA")) return;
    const key = `${question.type} ${question.name.toLowerCase()}`;
    const given = answer(
      question.name.toLowerCase(),
      question.type,
      asked.filter((one) => one === key).length,
    );
    asked.push(key);
    if (given === "silence") return;
    socket.send(encode(query, question, given), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    stop: () => new Promise((resolve) => socket.close(resolve)),
  };
}

function encode(
  query: dnsPacket.Packet,
  question: dnsPacket.Question,
  given: Exclude<NameAnswer, "silence">,
): Buffer {
  const failed = typeof given === "string";
  return dnsPacket.encode({
    type: "response",
    id: query.id ?? 0,
    flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | (failed ? CODES[given] : 0),
    questions: [question],
    answers: failed ? [] : answersOf(question, given),
  });
}

function answersOf(
  { name, type }: dnsPacket.Question,
  given: { addresses: readonly string[]; alias?: string },
): dnsPacket.Answer[] {
  const owner = given.alias ?? name;
  const ofType = given.addresses.filter((address) => address.includes(":") === (type === "AAAA"));
  const records = ofType.map((data) => ({
    type: type === "A" ? ("A" as const) : ("AAAA" as const),
    name: owner,
    ttl: 0,
    data,
  }));
  return given.alias === undefined
    ? records
    : [{ type: "CNAME", name, ttl: 0, data: given.alias }, ...records];
}
