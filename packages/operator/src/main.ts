import { loadAccess } from "./kube/access/load-access.ts";
import { readConfigurationFile } from "./runtime/configuration-file.ts";
import { createLog } from "./runtime/create-log.ts";
import { withEnvironment } from "./runtime/environment.ts";
import { flagsHelp, parseFlags } from "./runtime/flags.ts";
import { Operator } from "./runtime/operator.ts";
import { reconcilers } from "./runtime/reconcilers.ts";
import { operatorVersion } from "./runtime/version.ts";

/** The operator's process: exit code 0 after SIGTERM or SIGINT, 1 after a lost lease or a mistake in the flags. */
const main = async (): Promise<void> => {
  const parsed = parseFlags(process.argv.slice(2));
  if (parsed.values.help === "true") {
    process.stdout.write(`Usage: manta-operator [flags]\n\n${flagsHelp()}`);
    return;
  }
  if (parsed.values.version === "true") {
    process.stdout.write(`${operatorVersion}\n`);
    return;
  }
  const { settings: told, warnings } =
    parsed.values.config === "" ? parsed : readConfigurationFile(parsed.values.config);
  const { settings, warnings: more } = withEnvironment(told, process.env);
  const log = createLog(settings.log);
  for (const warning of [...warnings, ...more]) log.warn(warning);
  const access = loadAccess({ kubeconfig: parsed.values.kubeconfig });
  log.info({ version: operatorVersion, server: access.server, namespaces: settings.watchNamespaces }, "starting");
  const operator = new Operator({ access, settings, reconcilers, log });
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => {
      log.info({ signal }, "stopping");
      operator.close().catch((error: unknown) => log.error({ error: String(error) }, "the stop failed"));
    });
  await operator.start();
  if ((await operator.ended) === "lost") {
    log.error("another operator works now: this process ends");
    // Not by `close`: what hangs must not write any more, and the kubelet starts a fresh one.
    process.exit(1);
  }
};

main().catch((error: unknown) => {
  process.stderr.write(`manta-operator: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
