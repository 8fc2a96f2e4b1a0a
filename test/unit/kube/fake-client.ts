import type { KubeClient, WatchEvent, WatchQuery } from "../../../src/kube/client.ts";
import type { KubeList, KubeObject } from "../../../src/kube/objects.ts";

const unused = () => Promise.reject(new Error("not expected in this test"));

/** A client of which a test gives only the methods that it is about. */
export function fakeClient(methods: Partial<KubeClient>): KubeClient {
  return {
    get: unused,
    list: unused,
    create: unused,
    replace: unused,
    apply: unused,
    jsonPatch: unused,
    delete: unused,
    stream: () => {
      throw new Error("not expected in this test");
    },
    ...methods,
  };
}

interface OpenWatch {
  readonly query: WatchQuery;
  send(type: WatchEvent<unknown>["type"], object: unknown): void;
  /** The server ends the watch, or it breaks. */
  end(error?: Error): void;
  readonly aborted: boolean;
}

/** Lists and watches whose answers a test gives step by step. */
export function scriptedWatches(list: () => Promise<KubeList<KubeObject>>) {
  const opened: OpenWatch[] = [];
  const client = fakeClient({
    list: list as KubeClient["list"],
    stream: ((_, query, { signal }) => {
      const queue: (WatchEvent<unknown> | Error | "end")[] = [];
      let wake = () => {};
      let aborted = false;
      const push = (item: (typeof queue)[number]) => {
        queue.push(item);
        wake();
      };
      const abort = () => {
        aborted = true;
        push(signal?.reason);
      };
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort);
      opened.push({
        query,
        send: (type, object) => push({ type, object }),
        end: (error) => push(error ?? "end"),
        get aborted() {
          return aborted;
        },
      });
      return (async function* () {
        for (;;) {
          const item = queue.shift();
          if (item === "end") return;
          if (item instanceof Error) throw item;
          if (item) yield item;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      })();
    }) as KubeClient["stream"],
  });
  return { client, opened };
}
