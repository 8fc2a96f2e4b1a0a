import { resources } from "../../src/kube/objects.ts";
import { changeState } from "./model/change-state.ts";
import { replicasOf } from "./model/stateful-set-controller.ts";
import type { World } from "./world.ts";

/** A person reads status now and then and does what its remedy says, where nothing else could help. */
export function helpAsTold(world: World): void {
  const { lastStep } = world;
  const told = lastStep?.kind === "blocked" ? lastStep.by.find(({ check }) => check === "PassiveSide") : undefined;
  if (!told) return;
  const pod = /kubectl delete pod -n \S+ ([a-z0-9-]+)/.exec(told.remedy)?.[1];
  if (pod) deleteNext(world, pod);
  else activate(world, /in (\S+): hz-cluster-admin/.exec(told.remedy)?.[1]);
}

/** One after the other: the next when all are there again. */
function deleteNext(world: World, name: string): void {
  const ready = world.pods.filter((pod) =>
    pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"),
  );
  if (ready.length < replicasOf(world.statefulSet) || !world.api.get(resources.pods, name)) return;
  world.note(`person deletes ${name}, as status says`);
  world.counters.add("person: deletes a pod of a PASSIVE side");
  world.api.delete("person", resources.pods, name);
}

function activate(world: World, pod: string | undefined): void {
  const member = world.engine.joined.find((each) => each.pod === pod);
  if (!member?.island) return;
  world.note(`person makes the side of ${pod} ACTIVE, as status says`);
  world.counters.add("person: makes a PASSIVE side ACTIVE");
  changeState(world.engine, member.island, "ACTIVE", () => 500);
}
