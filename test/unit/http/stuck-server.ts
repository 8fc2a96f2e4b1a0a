/** A health server whose event loop stops for good when a line comes in: for health-server.test.ts. */
import { healthChecks } from "../../../src/http/health.ts";
import { startHealthServer } from "../../../src/http/health-server.ts";

const checks = healthChecks({ synced: () => true, stopping: () => false }, () => performance.now());
const server = await startHealthServer({ host: "127.0.0.1", port: 0 }, checks, () => undefined);
process.stdout.write(`${server.port}\n`);
process.stdin.once("data", () => {
  process.stdout.write("stuck\n", () => {
    for (;;);
  });
});
