import type { Clock } from "./clock.ts";
import { DeadlineError } from "./errors.ts";

/** A signal that aborts with its parent or, with a DeadlineError, after some time. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds that are left. */
  remaining(): number;
  /** Lets go of the timer and the parent. */
  clear(): void;
}

export function createDeadline(clock: Clock, millis: number, what: string, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const end = clock.monotonic() + millis;
  const follow = () => controller.abort(parent?.reason);
  if (parent?.aborted) follow();
  parent?.addEventListener("abort", follow, { once: true });
  const cancel = clock.after(millis, () => controller.abort(new DeadlineError(what, millis)));
  return {
    signal: controller.signal,
    remaining: () => end - clock.monotonic(),
    clear() {
      cancel();
      parent?.removeEventListener("abort", follow);
    },
  };
}
