import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensurePackages } from "../cluster/prerequisites.ts";
import { run } from "../cluster/run.ts";
import type { Recipe } from "./image-cache.ts";
import { contentKey, copyInto } from "./image-writer.ts";

const trusted = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Stands in for the public image `node:24-slim`, which cannot be had without a registry: Debian's smallest system, this
 * Node, this machine's npm and the certificate authorities that this machine trusts.
 */
export async function debianNodeRecipe(): Promise<Recipe> {
  const npm = await npmDirectory();
  const { version } = JSON.parse(readFileSync(join(npm, "package.json"), "utf8")) as { version: string };
  return {
    reference: "localhost/node:24-slim",
    key: contentKey([process.version, version], [import.meta.filename, trusted]),
    async build(root, work, progress) {
      await ensurePackages(progress, { debootstrap: "/usr/sbin/debootstrap" });
      progress("unpacking a small Debian (about two minutes, once)");
      const system = join(work, "system");
      const include = "--include=ca-certificates";
      await run(["debootstrap", "--variant=minbase", include, "bookworm", system], { timeoutMillis: 1_200_000 });
      for (const unused of [
        "var/cache/apt",
        "var/lib/apt/lists",
        "usr/share/doc",
        "usr/share/man",
        "usr/share/locale",
      ]) {
        rmSync(join(system, unused), { recursive: true, force: true });
      }
      for (const name of readdirSync(system)) await run(["mv", join(system, name), root]);
      copyInto(trusted, root, trusted);
      copyInto(process.execPath, root, "usr/local/bin/node");
      addNpm(npm, root);
      const env = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        `NODE_EXTRA_CA_CERTS=${trusted}`,
      ];
      return { config: { Cmd: ["node"], Env: env } };
    },
  };
}

/** Where the npm lies that runs on this machine. */
async function npmDirectory(): Promise<string> {
  const program = (await run(["sh", "-c", "command -v npm"])).trim();
  return dirname(dirname(realpathSync(program)));
}

function addNpm(npm: string, root: string): void {
  const modules = join(root, "usr/local/lib/node_modules");
  mkdirSync(modules, { recursive: true });
  cpSync(npm, join(modules, "npm"), { recursive: true });
  for (const name of ["npm", "npx"]) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, "usr/local/bin", name));
  }
}
