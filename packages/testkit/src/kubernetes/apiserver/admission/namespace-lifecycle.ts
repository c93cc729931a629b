import { ApiError } from "../../api/api-error.ts";
import type { AdmissionPlugin } from "../engine/admission-plugin.ts";
import { forbidden } from "../engine/write-request.ts";
import type { Store } from "../storage/store.ts";

const immortal: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** Nothing is created in a namespace that is not there or on its way out. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle */
export const namespaceLifecycle = (store: Store): AdmissionPlugin => ({
  mutate: ({ operation, definition, namespace, name }) => {
    if (operation !== "CREATE" || !definition.namespaced || namespace === undefined) return;
    const found = store.collection("/namespaces").get(undefined, namespace);
    if (found === undefined)
      throw new ApiError("NotFound", `namespaces "${namespace}" not found`, { name: namespace, kind: "namespaces" });
    if (found.metadata.deletionTimestamp === undefined) return;
    const refusal = forbidden(
      definition,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    const cause = {
      reason: "NamespaceTerminating",
      message: `namespace ${namespace} is being terminated`,
      field: "metadata.namespace",
    };
    throw new ApiError("Forbidden", refusal.message, { ...refusal.details, causes: [cause] });
  },
  validate: ({ operation, definition, name }) => {
    if (operation !== "DELETE" || definition.storage !== "/namespaces" || !immortal.has(name)) return;
    throw forbidden(definition, name, "this namespace may not be deleted");
  },
});
