import { LineCounter, parseDocument } from "yaml";
import { MantaError } from "../../base/errors.ts";
import { type DeployConfig, deploySchema } from "./deploy-schema.ts";
import { describeIssues } from "./describe-issues.ts";
import { configLimits } from "./limits.ts";

/**
 * Checks a deploy config (a JSON value). Throws `invalid_config` with every problem, one a line, each
 * beginning with the path of the field. What comes back is what was submitted: no defaults are filled in.
 */
export const parseDeployConfig = (value: unknown): DeployConfig => {
  const result = deploySchema.safeParse(value, { reportInput: true });
  // The value itself, not the schema's copy: people see their own order of keys again.
  if (result.success) return value as DeployConfig;
  throw new MantaError("invalid_config", describeIssues(result.error.issues));
};

/** As `parseDeployConfig`, from YAML text. Syntax errors name line and column. */
export const parseDeployYaml = (text: string): DeployConfig => parseDeployConfig(parseYaml(text));

/** One YAML document as a plain value. Throws `invalid_config`. */
const parseYaml = (text: string): unknown => {
  if (Buffer.byteLength(text) > configLimits.yamlBytesMax) {
    throw new MantaError("invalid_config", `the config must be at most ${configLimits.yamlBytesMax} bytes`);
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, version: "1.2" });
  const lines = document.errors.map((error) => {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    return `line ${line}, column ${col}: ${error.message}`;
  });
  if (lines.length > 0) throw new MantaError("invalid_config", `not valid YAML:\n${lines.join("\n")}`);
  try {
    return document.toJS({ maxAliasCount: configLimits.yamlAliasesMax }) as unknown;
  } catch (error) {
    throw new MantaError("invalid_config", `not valid YAML: ${MantaError.from(error).rawMessage}`, { cause: error });
  }
};
