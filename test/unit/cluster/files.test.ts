import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeIfChanged } from "../../cluster/files.ts";

test("a file with the same content is not touched, one with another is replaced as a whole", () => {
  const directory = mkdtempSync(join(tmpdir(), "files-"));
  try {
    const file = join(directory, "deeper", "file");
    const inode = () => statSync(file).ino;
    writeIfChanged(file, "a");
    const first = inode();
    writeIfChanged(file, "a");
    expect(inode()).toBe(first);
    writeIfChanged(file, "b");
    expect(readFileSync(file, "utf8")).toBe("b");
    expect(inode()).not.toBe(first);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
