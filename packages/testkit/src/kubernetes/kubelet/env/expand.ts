/**
 * Replaces `$(NAME)` by the variable, as commands, arguments, values of `env` and `subPathExpr` want it; an unknown name
 * stays as it is, `$$` is one `$`. https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export const expand = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\$|\$\(([^()]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (env[name] ?? whole),
  );
