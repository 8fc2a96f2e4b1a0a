import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { cachedImage, cachedPath, type Image } from "../images/image-cache.ts";
import { contentKey, copyProgram } from "../images/image-writer.ts";
import { run } from "./run.ts";

/** Programs of Debian's Prometheus. The package is unpacked, not installed: no service starts. */
export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

/** Downloaded once; later runs find it in the cache, whatever version Debian has by then. */
export async function prometheusPrograms(): Promise<PrometheusPrograms> {
  const directory = await cachedPath("prometheus-package", packageKey, "", async (target, work) => {
    const file = await downloadPackage(work);
    await run(["dpkg", "-x", join(work, file), join(work, "unpacked")]);
    mkdirSync(target);
    for (const name of ["prometheus", "promtool"]) {
      renameSync(join(work, "unpacked/usr/bin", name), join(target, name));
    }
  });
  return { prometheus: join(directory, "prometheus"), promtool: join(directory, "promtool") };
}

const packageKey = contentKey(["1"]);

export async function prometheusImage(): Promise<Image> {
  const { prometheus } = await prometheusPrograms();
  const build = async (root: string) => {
    await copyProgram(prometheus, root, "bin/prometheus");
    return { config: { Entrypoint: ["/bin/prometheus"], User: "10001:10001" } };
  };
  const key = contentKey([packageKey], [import.meta.filename]);
  return cachedImage({ reference: "jet.local/prometheus:debian", key, build }, (line) => console.log(line));
}

/** @returns the name of the package's file in `directory`. */
async function downloadPackage(directory: string): Promise<string> {
  const download = () => run(["apt-get", "download", "-q", "prometheus"], { cwd: directory, timeoutMillis: 300_000 });
  try {
    await download();
  } catch {
    await run(["apt-get", "update", "-q"], { timeoutMillis: 300_000 });
    await download();
  }
  const file = readdirSync(directory).find((name) => name.startsWith("prometheus_"));
  if (file === undefined) throw new Error("apt-get download prometheus left no package");
  return file;
}
