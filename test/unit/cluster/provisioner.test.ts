import { describe, expect, test } from "vitest";
import type { PersistentVolume, PersistentVolumeClaim } from "../../cluster/volumes.ts";
import { bytes, directoryOf, expansion, isReleased, volumeFor } from "../../cluster/volumes.ts";

interface ClaimTraits {
  node?: string;
  storageClassName?: string;
  volumeName?: string;
  wanted?: string;
  capacity?: string;
}

function claim(traits: ClaimTraits = {}): PersistentVolumeClaim {
  const { node, storageClassName = "standard", volumeName, wanted = "1Gi", capacity } = traits;
  return {
    metadata: {
      name: "data-orders-0",
      namespace: "shop",
      uid: "u1",
      resourceVersion: "1",
      annotations: node === undefined ? {} : { "volume.kubernetes.io/selected-node": node },
    },
    spec: {
      storageClassName,
      ...(volumeName !== undefined && { volumeName }),
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: wanted } },
    },
    status: capacity === undefined ? { phase: "Pending" } : { phase: "Bound", capacity: { storage: capacity } },
  };
}

function volume(traits: { phase?: string; by?: string; policy?: string; capacity?: string } = {}): PersistentVolume {
  const { phase = "Bound", by = "jet.local/directory", policy = "Delete", capacity = "1Gi" } = traits;
  const annotations = { "pv.kubernetes.io/provisioned-by": by };
  return {
    metadata: { name: "pvc-u1", uid: "v1", resourceVersion: "1", annotations },
    spec: { capacity: { storage: capacity }, local: { path: "/etc" }, persistentVolumeReclaimPolicy: policy },
    status: { phase },
  };
}

describe("a volume is made", () => {
  test("on the node that the scheduler chose, for this claim only", () => {
    const made = volumeFor(claim({ node: "jet-node2", wanted: "2Gi" }), "/volumes");
    expect(made?.spec.local.path).toBe("/volumes/pvc-u1");
    expect(made?.spec.capacity.storage).toBe("2Gi");
    expect(made?.spec.claimRef).toMatchObject({ namespace: "shop", name: "data-orders-0", uid: "u1" });
    expect(made?.spec.nodeAffinity.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values).toEqual(["jet-node2"]);
  });

  test.each([
    ["no pod uses the claim yet", claim()],
    ["the claim is bound", claim({ node: "jet-node", volumeName: "pvc-u1" })],
    ["the claim is of another class", claim({ node: "jet-node", storageClassName: "fast" })],
  ])("not when %s", (_, waiting) => {
    expect(volumeFor(waiting, "/volumes")).toBeUndefined();
  });
});

describe("a volume goes with its claim", () => {
  test.each([
    ["its claim is gone", volume({ phase: "Released" }), true],
    ["it is in use", volume(), false],
    ["it is to be retained", volume({ phase: "Released", policy: "Retain" }), false],
    ["somebody else made it", volume({ phase: "Released", by: "other" }), false],
  ])("when %s: %#", (_, candidate, released) => {
    expect(isReleased(candidate)).toBe(released);
  });

  test("and only our own directory is removed, whatever path the object names", () => {
    expect(directoryOf(volume(), "/volumes")).toBe("/volumes/pvc-u1");
  });
});

describe("growing a claim", () => {
  test.each([
    ["the claim asks for more", claim({ wanted: "2Gi", capacity: "1Gi" }), volume(), "2Gi"],
    ["only the volume was updated", claim({ wanted: "2Gi", capacity: "1Gi" }), volume({ capacity: "2Gi" }), "2Gi"],
    ["both say the size already", claim({ wanted: "1024Mi", capacity: "1Gi" }), volume(), undefined],
    ["the claim is not bound", claim({ wanted: "2Gi" }), volume(), undefined],
    ["the volume is not ours", claim({ wanted: "2Gi", capacity: "1Gi" }), volume({ by: "other" }), undefined],
  ])("%s", (_, asking, present, expected) => {
    expect(expansion(asking, present)).toBe(expected);
  });

  test("understands the units of Kubernetes and names a wrong one", () => {
    expect(bytes("1Gi")).toBe(1_073_741_824);
    expect(bytes("1.5G")).toBe(1_500_000_000);
    expect(() => bytes("1Gb")).toThrow('volume size "1Gb"');
  });
});
