import { exceptions, layers } from "./tools/layers.ts";

const root = "packages/mantaray/src";
const inLayer = (name) => `^${root}/${name}/`;

/** One rule a layer: nothing above it, and no other process's code. */
const layerRules = layers.map((layer, index) => {
  const allowed = (other) =>
    exceptions.some((exception) => exception.from === layer.name && exception.to === other.name);
  const forbidden = layers.filter(
    (other, otherIndex) => other !== layer && (otherIndex > index || (other.process === true && !allowed(other))),
  );
  return {
    name: `layer-${layer.name.replace("/", "-")}`,
    comment: `${layer.name} (${layer.says}) may not import these: imports point downwards, and processes meet only in protocol/ and rpc/.`,
    severity: "error",
    from: { path: inLayer(layer.name), pathNot: "\\.test\\.ts$" },
    to: { path: forbidden.map((other) => inLayer(other.name)) },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules.filter((rule) => rule.to.path.length > 0),
    {
      name: "no-cycles",
      comment: "A cycle has no first file to read.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolved",
      comment: "An import that cannot be resolved.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-test-code-in-source",
      comment: "Source does not import tests.",
      severity: "error",
      from: { pathNot: "(\\.test\\.ts$|^test/|/test/|\\.test-d\\.ts$)" },
      to: { path: "\\.test\\.ts$" },
    },
    {
      name: "redis-only-in-its-store",
      comment: "The control store's interface is semantic: its client stays behind it.",
      severity: "error",
      from: { pathNot: `^${root}/store/redis/` },
      to: { path: "node_modules/ioredis" },
    },
    {
      name: "kubernetes-only-in-the-operator",
      comment: "The one place with a Kubernetes client.",
      severity: "error",
      from: { pathNot: "^packages/operator/" },
      to: { path: "node_modules/@kubernetes" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["(^|/)dist/"] },
    tsPreCompilationDeps: true,
    parser: "swc",
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "node", "default"],
      extensions: [".ts", ".js"],
    },
  },
};
