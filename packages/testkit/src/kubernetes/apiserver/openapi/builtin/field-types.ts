/**
 * The fields of built-in types. A type's name is `PodSpec` (core/v1 and meta/v1) or `apps.DeploymentSpec`; a field's
 * type is `string`, `int`, `number`, `boolean`, `time`, `quantity`, `int-or-string`, `any`, a type's name, `[list]` or `{map}`,
 * with `!` behind it where the field is required.
 */
export type FieldTypes = Readonly<Record<string, Readonly<Record<string, string>>>>;
