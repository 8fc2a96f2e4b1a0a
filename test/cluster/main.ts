/** `npm run cluster -- up [--nodes 2] | down [--purge] | status | kubectl …` */
try {
  // Here and not above: already the choice of the cluster by JET_CLUSTER can be refused.
  const { runCommand } = await import("./commands.ts");
  process.exitCode = await runCommand(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof Error && error.name === "UsageError" ? 2 : 1;
}
