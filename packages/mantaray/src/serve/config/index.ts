/**
 * The deploy config: what people and other tools hand in (`serveConfigV2`, REST, `serve deploy`), how it
 * is checked, how it merges with what the code says, and what a change of it costs. Pure functions only.
 */

export type { ApplicationConfig } from "./application-schema.ts";
export { appName, appRoute } from "./application-schema.ts";
export type { DeployConfig, ProxyLocation } from "./deploy-schema.ts";
export { proxyLocation } from "./deploy-schema.ts";
export type { ConfigChange, DeploymentCode, DeploymentSpec } from "./deployment-revision.ts";
export { compareConfigs, hash, settingsOf, versionOf } from "./deployment-revision.ts";
export type { CodeOptions, DeploymentConfig } from "./deployment-schema.ts";
export { codeOptionsSchema } from "./deployment-schema.ts";
export { describeIssues } from "./describe-issues.ts";
export type { ImportPath } from "./import-path.ts";
export { parseImportPath } from "./import-path.ts";
export { nearestName } from "./nearest-name.ts";
export type { HttpOptions, LoggingConfig } from "./option-schemas.ts";
export { parseDeployConfig } from "./parse-deploy-config.ts";
export type { ResolvedDeployment } from "./resolved-deployment.ts";
export { resolveDeployment } from "./resolved-deployment.ts";
export { atCapacity } from "./target-capacity.ts";
