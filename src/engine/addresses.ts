import { BlockList, isIP } from "node:net";

export interface MemberAddress {
  /** An IP address as text; names are never resolved. */
  readonly host: string;
  readonly port: number;
}

/** Decides which addresses may be dialled at all. */
export interface AddressPolicy {
  /** Why this address is never dialled; undefined when it may be. */
  refusal(address: MemberAddress): string | undefined;
}

/**
 * Pod addresses come from the API server, where whoever may write pod status could point them anywhere. So only plain IP
 * addresses are dialled, and none that means this machine, this link or a cloud's metadata service.
 */
export function podAddresses(): AddressPolicy {
  return policy([loopback, ...special]);
}

/** The same, but members on loopback may be dialled: for tests and development. */
export function podOrLoopbackAddresses(): AddressPolicy {
  return policy(special);
}

interface Range {
  readonly name: string;
  readonly ranges: readonly (readonly [address: string, prefix: number, family: "ipv4" | "ipv6"])[];
}

const loopback: Range = {
  name: "a loopback address",
  ranges: [
    ["127.0.0.0", 8, "ipv4"],
    ["::1", 128, "ipv6"],
  ],
};

const special: readonly Range[] = [
  {
    name: "an unspecified address",
    ranges: [
      ["0.0.0.0", 8, "ipv4"],
      ["::", 128, "ipv6"],
    ],
  },
  {
    name: "a link-local address",
    ranges: [
      ["169.254.0.0", 16, "ipv4"],
      ["fe80::", 10, "ipv6"],
    ],
  },
  {
    name: "a metadata service",
    ranges: [
      ["100.100.100.200", 32, "ipv4"],
      ["168.63.129.16", 32, "ipv4"],
      ["192.0.0.192", 32, "ipv4"],
      ["fd00:ec2::254", 128, "ipv6"],
    ],
  },
  {
    name: "a multicast or reserved address",
    ranges: [
      ["224.0.0.0", 3, "ipv4"],
      ["ff00::", 8, "ipv6"],
    ],
  },
  // An IPv4 address in disguise would slip past the rules above; pods never have one.
  {
    name: "an IPv4 address written as IPv6",
    ranges: [
      ["::ffff:0:0", 96, "ipv6"],
      ["64:ff9b::", 96, "ipv6"],
    ],
  },
];

function policy(refused: readonly Range[]): AddressPolicy {
  // One list a family: a list of both would match every IPv4 address against the rules for IPv4 written as IPv6.
  const listsOf = (family: "ipv4" | "ipv6") =>
    refused.map(({ name, ranges }) => ({ name, list: listOf(ranges, family) }));
  const lists = { ipv4: listsOf("ipv4"), ipv6: listsOf("ipv6") };
  return {
    refusal({ host, port }) {
      const version = isIP(host);
      if (version === 0 || host.includes("%")) return "the host is not a plain IP address";
      if (!Number.isInteger(port) || port < 1 || port > 65_535) return `port ${port} is not within 1 and 65535`;
      const family = version === 4 ? "ipv4" : "ipv6";
      return lists[family].find(({ list }) => list.check(host, family))?.name;
    },
  };
}

function listOf(ranges: Range["ranges"], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, prefix, of] of ranges) if (of === family) list.addSubnet(address, prefix, of);
  return list;
}
