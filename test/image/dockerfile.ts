/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** One stage: what it starts from (another stage's name, or an image) and what is done to it. */
export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile of the plain kind: ARG before the first FROM, no heredocs, no flags but `--from`. */
export const parseDockerfile = (text: string): Stage[] => {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const variables: Record<string, string> = {};
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    if (name === "ARG") {
      const [key = "", value = ""] = rest.split("=");
      variables[key] = value;
    } else if (name === "FROM") {
      const [from = "", , stage = `stage-${stages.length}`] = rest.split(/\s+/);
      stages.push({
        name: stage,
        from: from.replaceAll(/\$\{(\w+)\}/g, (_all, key: string) => variables[key] ?? ""),
        instructions: [],
      });
    } else stages.at(-1)?.instructions.push({ name, text: rest });
  }
  return stages;
};
