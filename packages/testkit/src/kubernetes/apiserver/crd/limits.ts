/** Bounds of custom resources, each with its reason. */
export const limits = {
  /** Problems told of one object: more help nobody, and each carries text. */
  causesMax: 100,
  /** Depth of a schema; the API server bounds it by the definition's size. Deeper ones would be an attack on recursion. */
  schemaDepthMax: 100,
  /** Characters of a rule, as the API server has it. */
  ruleCharsMax: 64 * 1024,
  /** Characters of a `messageExpression`'s result, as the API server has it: 5 kB. */
  messageCharsMax: 5 * 1024,
} as const;
