import { apiVersionOf, resources } from "../../../src/kube/objects.ts";
import type { ApiServer, StoredObject } from "./api-server.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

const author = "job-controller";

interface JobSpec {
  readonly activeDeadlineSeconds: number;
  readonly template: StoredObject;
}

/**
 * Kubernetes Jobs that are tried once: one pod, whose failure or disappearance fails the Job. It tells of the end of a pod
 * later than the pod itself.
 */
export class JobController {
  readonly #api: ApiServer;
  readonly #timeline: Timeline;
  readonly #random: Random;
  #pods = 0;

  constructor(api: ApiServer, timeline: Timeline, random: Random) {
    this.#api = api;
    this.#timeline = timeline;
    this.#random = random;
    api.listen(({ resource, type, object }) => {
      if (resource === resources.jobs && type === "ADDED") this.#begin(object);
      if (resource === resources.pods && type !== "ADDED") this.#podChanged(object, type === "DELETED");
    });
  }

  #begin(job: StoredObject): void {
    const { activeDeadlineSeconds, template } = job.spec as unknown as JobSpec;
    this.#timeline.after(this.#random.between(20, 1_500), () => {
      if (!this.#stillThere(job)) return;
      this.#api.create(author, resources.pods, {
        metadata: {
          name: `${job.metadata.name}-${"abcdefghij"[this.#pods++ % 10]}x`,
          labels: { ...template.metadata.labels },
          ownerReferences: [ownerOf(job)],
        },
        ...(template.spec && { spec: template.spec }),
        status: { phase: "Pending" },
      });
    });
    this.#timeline.after(activeDeadlineSeconds * 1_000, () => {
      if (!this.#stillThere(job) || endedAs(this.#api.get(resources.jobs, job.metadata.name))) return;
      for (const pod of this.#podsOf(job)) this.#api.delete(author, resources.pods, pod.metadata.name);
      this.#end(job, "Failed", "DeadlineExceeded");
    });
  }

  #podChanged(pod: StoredObject, gone: boolean): void {
    const owner = pod.metadata.ownerReferences?.find((each) => each.kind === "Job");
    if (!owner) return;
    this.#timeline.after(this.#random.between(20, 1_500), () => {
      const job = this.#api.get(resources.jobs, owner.name);
      if (job?.metadata.uid !== owner.uid || endedAs(job)) return;
      const { phase } = pod.status ?? {};
      if (phase === "Succeeded") this.#end(job, "Complete", "");
      else if (phase === "Failed" || gone || pod.metadata.deletionTimestamp !== undefined)
        this.#end(job, "Failed", "BackoffLimitExceeded");
    });
  }

  #stillThere(job: StoredObject): boolean {
    const now = this.#api.get(resources.jobs, job.metadata.name);
    return now?.metadata.uid === job.metadata.uid && now?.metadata.deletionTimestamp === undefined;
  }

  #podsOf(job: StoredObject): StoredObject[] {
    return this.#api
      .list(resources.pods)
      .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === job.metadata.uid));
  }

  #end(job: StoredObject, type: "Complete" | "Failed", message: string): void {
    const lastTransitionTime = new Date(this.#timeline.now).toISOString();
    const condition = { type, status: "True", message, lastTransitionTime };
    this.#api.change(author, resources.jobs, job.metadata.name, (object) => ({
      ...object,
      status: { conditions: [condition] },
    }));
  }
}

function endedAs(job: StoredObject | undefined): string | undefined {
  return job?.status?.conditions?.[0]?.type;
}

function ownerOf(job: StoredObject) {
  return {
    apiVersion: apiVersionOf(resources.jobs),
    kind: "Job",
    name: job.metadata.name,
    uid: job.metadata.uid ?? "",
    controller: true,
  };
}
