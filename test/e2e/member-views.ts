import { port } from "../../src/api/names.ts";
import type { KubeApi } from "../cluster/kube-watch.ts";

/** What one member sees. */
export interface MemberView {
  readonly uuid: string;
  /** Of all members in its view, sorted. */
  readonly uuids: readonly string[];
  /** Addresses of the same, without port, sorted. */
  readonly hosts: readonly string[];
}

interface RestMember {
  readonly address: string;
  readonly localMember: boolean;
  readonly uuid: string;
}

/**
 * Asks the member itself, through the API server's proxy: it is on the node, which no NetworkPolicy keeps out. Not with
 * the operator's own client, so that the two can be compared. @throws when there is no answer.
 */
export async function viewOf(api: KubeApi, namespace: string, pod: string): Promise<MemberView> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}:${port.member}/proxy/hazelcast/rest/cluster`;
  const { members } = (await api.request("GET", path)) as { members: readonly RestMember[] };
  const own = members.find(({ localMember }) => localMember);
  if (!own) throw new Error(`${pod}: its view does not hold itself: ${JSON.stringify(members)}`);
  return {
    uuid: own.uuid,
    uuids: members.map(({ uuid }) => uuid).sort(),
    hosts: members.map(({ address }) => address.replace(/^\[(.*)\]:\d+$/, "$1")).sort(),
  };
}
