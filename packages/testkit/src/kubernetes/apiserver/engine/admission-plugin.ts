import type { KubeObject } from "../../api/objects.ts";
import type { ResourceDefinition } from "../plugins.ts";
import type { UserInfo } from "./user.ts";

/** A write that is about to happen. */
export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly definition: ResourceDefinition;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The new state, in the definition's version; for DELETE the present one. */
  readonly object: KubeObject;
  readonly old: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
}

/**
 * A step that changes or refuses writes. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 * Both throw `ApiError`.
 */
export interface AdmissionPlugin {
  /** May change `request.object`; before defaults and validation. */
  mutate?(request: AdmissionRequest): void;
  /** Sees the complete object. */
  validate?(request: AdmissionRequest): void;
}
