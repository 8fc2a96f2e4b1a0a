import { chmodSync, existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Progress } from "../cluster/binaries.ts";
import { ensurePackages } from "../cluster/prerequisites.ts";
import { run } from "../cluster/run.ts";
import { cachedLayer } from "./image-cache.ts";
import { contentKey, copyProgram, type Layer, sharedLibraries } from "./image-writer.ts";

/** Where the Java runtime lies in the images. */
export const javaHome = "/opt/java";

/**
 * The layer below all Java images: a small Java runtime made from this machine's JDK, bash for the
 * engines' start scripts, busybox for the rest of what they call, and the C library. @throws when there is no JDK.
 */
export async function javaRoot(progress: Progress): Promise<Layer> {
  await ensurePackages(progress, { busybox: "/bin/busybox" });
  return cachedLayer("java-root", await javaRootKey(), async (root) => {
    progress("making a Java runtime (about 30 s, once)");
    makeDirectories(root);
    await addShell(root);
    await addJava(root);
  });
}

/** Changes with the JDK and with how the layer is made. */
export async function javaRootKey(): Promise<string> {
  return contentKey(
    [await run(["jlink", "--version"]), await run(["java", "-version", "-Xinternalversion"])],
    [import.meta.filename],
  );
}

/** `java.se` because the engine's own script asks for it. */
const modules = [
  "java.se",
  "jdk.crypto.ec",
  "jdk.httpserver",
  "jdk.jcmd",
  "jdk.jfr",
  "jdk.management",
  "jdk.management.agent",
  "jdk.naming.dns",
  "jdk.net",
  "jdk.unsupported",
  "jdk.zipfs",
];

/** Libraries of java.desktop: they would bring X11 with them, and nobody draws here. */
const drawing =
  /lib(awt|awt_headless|awt_xawt|fontmanager|freetype|harfbuzz|javajpeg|jawt|jsound|lcms|mlib_image|splashscreen)\.so$/;

function makeDirectories(root: string): void {
  for (const directory of ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "proc", "sys", "dev", "opt"]) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, join(root, name));
  mkdirSync(join(root, "tmp"));
  chmodSync(join(root, "tmp"), 0o1777);
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\nhazelcast:x:1000:1000::/opt/hazelcast:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\nhazelcast:x:1000:\n");
  writeFileSync(join(root, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
}

async function addShell(root: string): Promise<void> {
  await copyProgram("/bin/bash", root, "usr/bin/bash");
  await copyProgram("/bin/busybox", root, "usr/bin/busybox");
  await copyProgram("/usr/bin/arch", root, "usr/bin/arch");
  symlinkSync("bash", join(root, "usr/bin/sh"));
  for (const applet of (await run(["busybox", "--list"])).trim().split("\n")) {
    const link = join(root, "usr/bin", applet);
    if (!existsSync(link)) symlinkSync("busybox", link);
  }
}

async function addJava(root: string): Promise<void> {
  const home = join(root, javaHome);
  await run(
    [
      "jlink",
      "--add-modules",
      modules.join(","),
      "--strip-debug",
      "--no-header-files",
      "--no-man-pages",
      "--output",
      home,
    ],
    { timeoutMillis: 300_000 },
  );
  await addLibraries(root, home);
  symlinkSync(`${javaHome}/bin/java`, join(root, "usr/bin/java"));
  // The runtime checks the time stamps of what its archive of classes was made from; in an image all are 0.
  await run(["find", home, "-exec", "touch", "-h", "-d", "@0", "{}", "+"]);
  await run([join(home, "bin/java"), "-Xshare:dump"], { timeoutMillis: 120_000 });
}

async function addLibraries(root: string, home: string): Promise<void> {
  const files = readdirSync(home, { recursive: true, encoding: "utf8" })
    .filter((file) => (file.endsWith(".so") && !drawing.test(file)) || file === "bin/java")
    .map((file) => join(home, file));
  const own = `${dirname(realpathSync(home))}/`;
  const wanted = new Set<string>();
  for (const file of files) for (const library of await sharedLibraries(file)) wanted.add(library);
  for (const library of wanted) {
    if (!realpathSync(library).startsWith(own)) await copyProgram(library, root, library);
  }
}
