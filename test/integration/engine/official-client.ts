import { createRequire } from "node:module";
import { Client } from "hazelcast-client";
import { jobIdOf } from "../../../src/engine/job-id.ts";
import type { TestMember } from "./members.ts";
import { clusterName } from "./members.ts";

// Its codec and invocations are internal; the tests pin its version and use them as a second opinion on the same bytes.
const require = createRequire(import.meta.url);
const { ClientMessage, Frame } = require("hazelcast-client/lib/protocol/ClientMessage.js");
const { FixSizedTypesCodec } = require("hazelcast-client/lib/codec/builtin/FixSizedTypesCodec.js");
const { ListMultiFrameCodec } = require("hazelcast-client/lib/codec/builtin/ListMultiFrameCodec.js");
const { ListLongCodec } = require("hazelcast-client/lib/codec/builtin/ListLongCodec.js");
const { StringCodec } = require("hazelcast-client/lib/codec/builtin/StringCodec.js");
const { CodecUtil } = require("hazelcast-client/lib/codec/builtin/CodecUtil.js");

/** A job as the official client decodes it. */
interface OfficialJob {
  readonly id: string;
  readonly status: number;
  /** Not asked of 4.x. */
  readonly nameOrId: string | undefined;
}

export interface OfficialClient extends AsyncDisposable {
  jobs(): Promise<OfficialJob[]>;
}

/** Connects the official Node client of Hazelcast to one member. */
export async function officialClient(member: TestMember, version: string): Promise<OfficialClient> {
  const client = await Client.newHazelcastClient({
    clusterName,
    network: { clusterMembers: [`${member.address.host}:${member.address.port}`], smartRouting: false },
    properties: { "hazelcast.logging.level": "OFF" },
  });
  const ask = <T>(type: number, parameters: (content: Buffer) => void, size: number, read: (answer: unknown) => T) => {
    const message = ClientMessage.createForEncode();
    const frame = Frame.createInitialFrame(16 + size);
    parameters(frame.content);
    message.addFrame(frame);
    message.setMessageType(type);
    message.setPartitionId(-1);
    const internal = client as unknown as {
      getInvocationService(): { invokeOnRandomTarget(m: unknown, h: (a: unknown) => T): Promise<T> };
    };
    return internal.getInvocationService().invokeOnRandomTarget(message, read);
  };
  return {
    jobs: () => (version.startsWith("4.") ? jobsOneByOne(ask) : ask(0xfe0f00, () => {}, 0, readSummaries)),
    [Symbol.asyncDispose]: () => client.shutdown(),
  };
}

type Ask = <T>(
  type: number,
  parameters: (content: Buffer) => void,
  size: number,
  read: (answer: unknown) => T,
) => Promise<T>;

interface Reading {
  nextFrame(): { content: Buffer };
}

async function jobsOneByOne(ask: Ask): Promise<OfficialJob[]> {
  const ids = await ask(
    0xfe0400,
    () => {},
    0,
    (answer) => {
      (answer as Reading).nextFrame();
      return ListLongCodec.decode(answer).map(String) as string[];
    },
  );
  return Promise.all(
    ids.map(async (id) => {
      const write = (content: Buffer) => void content.writeBigInt64LE(BigInt(id), 16);
      const status = await ask(0xfe0300, write, 8, (answer) => (answer as Reading).nextFrame().content.readInt32LE(13));
      return { id: jobIdOf(BigInt(id)), status, nameOrId: undefined };
    }),
  );
}

function readSummaries(answer: unknown): OfficialJob[] {
  (answer as Reading).nextFrame();
  return ListMultiFrameCodec.decode(answer, (message: Reading) => {
    message.nextFrame();
    const { content } = message.nextFrame();
    const job = {
      id: jobIdOf(BigInt(FixSizedTypesCodec.decodeLong(content, 1).toString())),
      status: FixSizedTypesCodec.decodeInt(content, 17) as number,
      nameOrId: StringCodec.decode(message) as string,
    };
    CodecUtil.fastForwardToEndFrame(message);
    return job;
  });
}
