import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensurePackages } from "../cluster/prerequisites.ts";
import { run } from "../cluster/run.ts";
import type { Recipe } from "./image-cache.ts";
import { contentKey, copyProgram } from "./image-writer.ts";

/** A small pod for tests: this machine's busybox with all its applets. Its user is a number, as `runAsNonRoot` wants it. */
export async function busyboxRecipe(): Promise<Recipe> {
  const program = "/bin/busybox";
  await ensurePackages(() => undefined, { busybox: program });
  return {
    reference: "docker.io/library/busybox:1",
    key: contentKey([], [import.meta.filename, program]),
    async build(root) {
      for (const directory of ["bin", "etc", "proc", "sys", "dev", "tmp"]) mkdirSync(join(root, directory));
      chmodSync(join(root, "tmp"), 0o1777);
      await copyProgram(program, root, "bin/busybox");
      for (const applet of (await run([program, "--list"])).trim().split("\n")) {
        if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
      }
      writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n");
      writeFileSync(join(root, "etc/nsswitch.conf"), "passwd: files\nhosts: files dns\n");
      return { config: { Cmd: ["/bin/sh"], User: "65534:65534", Env: ["PATH=/bin"] } };
    },
  };
}
