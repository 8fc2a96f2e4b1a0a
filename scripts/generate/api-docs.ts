import type { Output } from "./output.ts";
export const apiDocsOutputs: readonly Output[] = [];
