import {
  crash,
  divided,
  edit,
  heal,
  loseRecord,
  rests,
  split,
  stopped,
  submit,
  suspendJob,
  told,
  watched,
  works,
} from "./person.ts";
import type { Workload } from "./workloads.ts";

const working = { when: works, pause: [0, 5_000] } as const;
const jobs = [submit("protected", { protected: true }, { when: rests }), submit("plain", { protected: false })];
/** One that the engine does not start again by itself after a loss. */
const fixed = submit("fixed", { protected: false, autoScaling: false }, { when: rests });
const known = { when: watched("fixed"), pause: [0, 40_000] } as const;
const smallerSides = { splitBrain: { minority: "SuspendJobs" as const } };
const after = (least: number, most: number) => ({ pause: [least * 1_000, most * 1_000] }) as const;

/** Stories of jobs that a loss or a split suspends, and of one whose record is gone. */
export const jobWorkloads: readonly Workload[] = [
  {
    name: "a member lost right after a job without auto-scaling began",
    spec: { replicas: 3 },
    acts: [fixed, crash(2, { when: works, pause: [0, 25_000] })],
  },
  { name: "a lost member, job without auto-scaling", spec: { replicas: 3 }, acts: [fixed, crash(2, known)] },
  { name: "a lost master, job without auto-scaling", spec: { replicas: 3 }, acts: [fixed, crash(0, known)] },
  {
    name: "lost members one after the other, job without auto-scaling",
    spec: { replicas: 3, splitBrain: { settleSeconds: 20 } },
    acts: [fixed, crash(2, known), crash(0, after(5, 60)), crash(1, after(5, 60))],
  },
  {
    name: "a lost member right after its user suspended a job",
    spec: { replicas: 3 },
    acts: [fixed, suspendJob("fixed", known), crash(1, after(1, 40))],
  },
  {
    name: "a lost member, jobs are resumed by hand",
    spec: { replicas: 3, jobs: { resume: "Manual" } },
    acts: [fixed, crash(1, known)],
  },
  {
    name: "a lost member and a shrink below half of what it was",
    spec: { replicas: 5, splitBrain: { settleSeconds: 300 } },
    acts: [fixed, crash(4, known), edit({ replicas: 1 }, after(20, 40))],
  },
  {
    name: "a lost member of stand-alone Jet, job without auto-scaling",
    spec: { replicas: 3, version: "4.5.4" },
    acts: [fixed, crash(2, known)],
  },
  {
    name: "roll with a job without auto-scaling",
    spec: { replicas: 3 },
    acts: [fixed, edit({ jvm: { heapPercent: 50 } }, working)],
  },
  {
    name: "shrink with a job without auto-scaling",
    spec: { replicas: 5 },
    acts: [fixed, edit({ replicas: 3 }, working)],
  },
  {
    name: "stop and start with a job without auto-scaling",
    spec: {
      replicas: 3,
      licenseKeySecretRef: { name: "licence", key: "key" },
      losslessRestart: { mode: "HotRestart", hotRestart: { storage: { size: "10Gi" } } },
    },
    acts: [fixed, edit({ suspend: true }, known), edit({ suspend: false }, { when: stopped })],
  },
  {
    name: "split, jobs of the smaller side suspended",
    spec: { replicas: 5, backupCount: 2, ...smallerSides },
    acts: [...jobs, split([[0, 1]], working), heal({ when: divided, pause: [20_000, 90_000] })],
  },
  {
    name: "split into three, all of them smaller sides",
    spec: { replicas: 5, backupCount: 4, ...smallerSides },
    acts: [...jobs, split([[0, 1], [2]], working), heal({ when: divided, pause: [20_000, 90_000] })],
  },
  {
    name: "split that heals soon, all sides smaller",
    spec: { replicas: 5, backupCount: 4, ...smallerSides },
    acts: [...jobs, split([[0, 1], [2]], working), heal({ when: divided, pause: [0, 8_000] })],
  },
  {
    name: "split and a job without auto-scaling",
    spec: { replicas: 5, backupCount: 2, ...smallerSides },
    acts: [fixed, split([[0, 1]], known), heal({ when: divided, pause: [5_000, 90_000] })],
  },
  {
    name: "a job's record vanishes",
    spec: { replicas: 3 },
    acts: [...jobs, loseRecord("plain", { when: told("plain") })],
  },
];
