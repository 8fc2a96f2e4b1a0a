import { resources } from "../../src/kube/objects.ts";
import type { FaultKind } from "./faults.ts";
import { isArchivePod } from "./model/archive-pods.ts";
import { healNetwork, splitNetwork } from "./model/divide.ts";
import { clusterName, type World } from "./world.ts";

/** Faults that come by themselves, each again and again at random moments while the storm lasts. */
const strikes: Partial<Record<FaultKind, (world: World) => void>> = {
  "operator crashes": (world) => {
    const process = world.operators.find((operator) => operator.alive);
    if (process) world.crashed(process);
  },
  "two operators": (world) => {
    const before = world.operators.filter((operator) => operator.alive);
    world.startOperator();
    for (const old of before) world.timeline.after(world.random.between(5_000, 60_000), () => old.kill());
  },
  "operator is cut off": (world) => {
    const addresses = world.engine.joined.map((member) => member.address);
    world.network.silence(world.random.chance(0.4) || addresses.length === 0 ? "*" : world.random.pick(addresses));
    world.timeline.after(world.random.between(2_000, 40_000), () => world.network.hearAll());
  },
  "members crash": (world) => {
    const { joined } = world.engine;
    if (joined.length > 0) world.engine.crash(world.random.pick(joined));
  },
  "pods are killed": (world) => {
    if (world.pods.length === 0) return;
    const pod = world.random.pick(world.pods);
    const budget = world.api.get(resources.podDisruptionBudgets, clusterName)?.spec?.maxUnavailable;
    const evicted = world.random.chance(0.5);
    if (evicted && budget !== 1) return;
    world.counters.add(evicted ? "fault: eviction" : "fault: pod deleted");
    world.api.delete(evicted ? "eviction" : "person", resources.pods, pod.metadata.name);
  },
  "network splits": (world) => {
    const addresses = world.engine.joined.map((member) => member.address);
    if (addresses.length < 2 || world.network.divided) return;
    const few = new Set(addresses.slice(0, world.random.between(1, addresses.length - 1)));
    splitNetwork(world.engine, [[...few], addresses.filter((address) => !few.has(address))]);
    world.timeline.after(world.random.between(5_000, 60_000), () => healNetwork(world.engine));
  },
  "nodes are lost": (world) => {
    if (world.pods.length === 0) return;
    world.kubelet.loseNodeOf(world.random.pick(world.pods));
    world.timeline.after(world.random.between(10_000, 150_000), () => world.kubelet.nodesBack());
  },
  "archive pods are killed": ({ archivePods, timeline, random, api }) => {
    const how = random.between(0, 2);
    if (how === 0) archivePods.kill();
    if (how === 1) {
      archivePods.loseNode();
      timeline.after(random.between(10_000, 150_000), () => archivePods.nodesBack());
    }
    const pod = api.list(resources.pods).find(isArchivePod);
    if (how === 2 && pod) api.delete("person", resources.pods, pod.metadata.name);
  },
  "pods cannot be scheduled": (world) => {
    const from = world.random.between(0, 6);
    world.kubelet.unschedulable = (ordinal) => ordinal >= from;
    world.timeline.after(world.random.between(5_000, 60_000), () => {
      world.kubelet.unschedulable = () => false;
    });
  },
};

export function beginStorm(world: World): void {
  for (const [kind, strike] of Object.entries(strikes) as [FaultKind, (world: World) => void][]) {
    if (world.options.faults.has(kind)) again(world, kind, strike);
  }
}

/** From here on nothing fails any more, and what is broken is mended. */
export function endStorm(world: World): void {
  world.stormy = false;
  healNetwork(world.engine);
  world.network.hearAll();
  world.kubelet.unschedulable = () => false;
  world.kubelet.nodesBack();
  world.archivePods.nodesBack();
  const alive = world.operators.filter((operator) => operator.alive);
  for (const old of alive.slice(0, -1)) old.kill();
}

function again(world: World, kind: FaultKind, strike: (world: World) => void): void {
  world.timeline.after(world.random.between(5_000, 90_000), () => {
    if (!world.stormy) return;
    world.counters.add(`fault: ${kind}`);
    world.note(`fault: ${kind}`);
    strike(world);
    again(world, kind, strike);
  });
}
