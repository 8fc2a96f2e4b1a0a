import { NotLeaderError } from "../kube/errors.ts";
import type { EngineCommands } from "./engine-commands.ts";

/**
 * The same commands, sent only while `mayCommand` says yes. Unlike a write to the API server a command to the engine has
 * no preconditions: the ACTIVE of a process that was asleep and no longer leads could undo the PASSIVE of its successor.
 * @throws NotLeaderError instead of sending.
 */
export function guardCommands(engine: EngineCommands, mayCommand: () => boolean): EngineCommands {
  const leading = (command: string): void => {
    if (!mayCommand()) throw new NotLeaderError(command);
  };
  return {
    async changeState(observation, to, signal) {
      leading(`cluster state ${to}`);
      await engine.changeState(observation, to, signal);
    },
    async suspendJob(observation, job, signal) {
      leading(`suspend job ${job}`);
      await engine.suspendJob(observation, job, signal);
    },
    async resumeJob(observation, job, signal) {
      leading(`resume job ${job}`);
      await engine.resumeJob(observation, job, signal);
    },
    async setProtection(observation, job, to, signal) {
      leading(`protection of job ${job} ${to}`);
      await engine.setProtection(observation, job, to, signal);
    },
    contradicting: (observation, state, signal) => engine.contradicting(observation, state, signal),
  };
}
