import { describe, expect, test } from "vitest";
import { ArchiveError, UnknownFormatError } from "../../../src/archive/errors.ts";
import { decodeManifest, encodeManifest, manifestDigest } from "../../../src/archive/manifest.ts";
import { manifestOf } from "./manifest-fixture.ts";

const file = "volume/generation-1/manifest.json";

describe("a manifest", () => {
  test("is read as it was written, and is text that people can read", () => {
    const text = encodeManifest(manifestOf());
    expect(decodeManifest(file, text)).toEqual(manifestOf());
    expect(text).toContain('\n    "version": "5.7.0",\n');
    expect(manifestDigest(text)).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is refused, with its path, whichever of its bytes is changed", () => {
    const good = Buffer.from(encodeManifest(manifestOf()));
    for (let at = 0; at < good.length; at++) {
      for (const mask of [0x01, 0x10, 0x20]) {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] ?? 0) ^ mask;
        expect(() => decodeManifest(file, bad.toString()), `byte ${at} with ${mask}`).toThrow(ArchiveError);
        expect(() => decodeManifest(file, bad.toString())).toThrow(file);
      }
    }
  });

  test("is refused at whatever length it is cut off", () => {
    const text = encodeManifest(manifestOf());
    for (let length = 0; length < text.length; length++) {
      expect(() => decodeManifest(file, text.slice(0, length)), `cut to ${length}`).toThrow(ArchiveError);
    }
  });

  test("of a later format is refused by the version's number, whatever else it holds", () => {
    const decode = () => decodeManifest(file, '{"formatVersion": 7, "somethingNew": []}');
    expect(decode).toThrow(UnknownFormatError);
    expect(decode).toThrow(`${file}: format version 7 is not known; this operator reads version 1`);
  });

  test.each(["../manifest.json", "/etc/passwd", "a/b", ".", ""])("names no file outside its directory: %j", (path) => {
    const digest = "0".repeat(64);
    const counts = { entries: 0, bytes: 0 };
    const files = [{ path, ...counts, storedBytes: 0, digest }];
    expect(() => encodeManifest(manifestOf({ maps: [{ name: "m", kind: "user", ...counts, files }] }))).toThrow("path");
  });
});
