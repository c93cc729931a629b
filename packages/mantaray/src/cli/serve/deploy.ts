import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { parseDocument } from "yaml";
import { MantaError } from "../../base/errors.ts";
import type { CliContext } from "../context.ts";
import { cliLimits } from "../limits.ts";
import { applicationsPath, type ServeOptions, serveClient, withAddressOption } from "./serve-client.ts";

interface DeployOptions extends ServeOptions {
  readonly name: string;
  readonly routePrefix: string;
}

/** `manta serve deploy`. */
export const serveDeployCommand = (context: CliContext): Command =>
  withAddressOption(new Command("deploy"))
    .description("deploy applications; answers when the config is accepted, not when they run")
    .argument("<config-or-import-path>", "a serve config (.yaml, .json), or module:export")
    .argument("[arguments...]", "k=v for the application's builder; with an import path only")
    .option("--name <app>", "name of the application; with an import path only", "default")
    .option("--route-prefix <prefix>", "where it answers; with an import path only", "/")
    .action(async (target: string, builderArguments: readonly string[], options: DeployOptions) => {
      const body = isConfigFile(target)
        ? readConfig(context, target, builderArguments)
        : configOfImportPath(target, builderArguments, options);
      const timeoutMs = cliLimits.deployTimeoutMs;
      await serveClient(context, options).text({ method: "PUT", path: applicationsPath, body, timeoutMs });
      context.print(
        [
          "",
          "Sent deploy request successfully.",
          " * Use `manta serve status` to check applications' statuses.",
          " * Use `manta serve config` to see the current application config(s).",
          "",
          "",
        ].join("\n"),
      );
    });

const isConfigFile = (target: string): boolean => /\.(ya?ml|json)$/.test(target);

const readConfig = (context: CliContext, target: string, builderArguments: readonly string[]): unknown => {
  const path = resolve(context.cwd, target);
  if (builderArguments.length > 0) {
    throw new MantaError(
      "invalid_argument",
      "builder arguments go with an import path; a config file has its own args",
    );
  }
  const bytes = fileBytes(path);
  if (bytes > cliLimits.configBytesMax) {
    throw new MantaError(
      "invalid_argument",
      `${path} has ${bytes} bytes, over the limit of ${cliLimits.configBytesMax}`,
    );
  }
  const document = parseDocument(readFileSync(path, "utf8"));
  const [problem] = document.errors;
  if (problem !== undefined) throw new MantaError("invalid_config", `${path}: ${problem.message}`);
  return document.toJS() as unknown;
};

const fileBytes = (path: string): number => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new MantaError("invalid_argument", `there is no file ${path}`);
  return stat.size;
};

const configOfImportPath = (target: string, builderArguments: readonly string[], options: DeployOptions): unknown => {
  const args = Object.fromEntries(builderArguments.map(keyAndValue));
  const app = { name: options.name, route_prefix: options.routePrefix, import_path: target };
  return { applications: [Object.keys(args).length === 0 ? app : { ...app, args }] };
};

const keyAndValue = (text: string): readonly [string, string] => {
  const at = text.indexOf("=");
  if (at < 1) throw new MantaError("invalid_argument", `a builder argument must be k=v, got ${JSON.stringify(text)}`);
  return [text.slice(0, at), text.slice(at + 1)];
};
