import type { Service } from "kubernetes-types/core/v1.d.ts";
import { labels } from "../../api/names.ts";
import { digest } from "../../cluster/revision.ts";
import type { Stored } from "../../kube/objects.ts";
import { type Action, typed } from "../../kube/plan.ts";
import { resources } from "../../kube/resources.ts";
import { buildServiceHeadService, buildServiceServeService } from "../build/services.ts";
import { serveServiceName, serviceAnnotations } from "../names.ts";
import type { ObservedService, ServeCluster } from "../observed-service.ts";
import { kubernetesServiceFields } from "../service-fields.ts";
import { normal, type ServiceContext, scopes, tell, warning } from "./service-context.ts";

/**
 * The Services that stay while clusters come and go, both pointing at `target`. Later changes of their ports, type or
 * labels are brought in too; what cannot be changed (a cluster address that comes or goes) is made anew.
 */
export const decideServices = (observed: ObservedService, target: ServeCluster, context: ServiceContext): Action[] => {
  const { service, headService, serveService } = observed;
  const head = buildServiceHeadService(service, target.cluster, context.options);
  try {
    const serve = buildServiceServeService(service, target.cluster);
    return [
      ...ensureService(serve, serveService),
      ...ensureService(head, headService),
      ...formerlyNamed(observed).map((found) => removeService(found, scopes.services)),
    ];
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return [
      ...ensureService(head, headService),
      tell(scopes.services, warning("FailedToCreateService", "Create", note)),
    ];
  }
};

/** The serve Service under a name that the user has taken back. */
const formerlyNamed = ({ service, services }: ObservedService): readonly Stored<Service>[] =>
  services.filter(
    ({ metadata }) =>
      metadata.labels?.[labels.serve] !== undefined &&
      metadata.name !== serveServiceName(service) &&
      metadata.deletionTimestamp === undefined,
  );

/** Brings one Service to what is wanted; nothing where it is that already. */
export const ensureService = (wanted: Service, found: Stored<Service> | undefined): Action[] => {
  const hash = digest(wanted, 16);
  const annotated: Service = {
    ...wanted,
    metadata: {
      ...wanted.metadata,
      annotations: { ...wanted.metadata?.annotations, [serviceAnnotations.appliedHash]: hash },
    },
  };
  if (found === undefined || found.metadata.deletionTimestamp !== undefined) return [create(annotated)];
  if (mustBeNew(wanted, found)) return [remove(found), create(annotated)];
  if (found.metadata.annotations?.[serviceAnnotations.appliedHash] === hash && !hasDrifted(wanted, found)) return [];
  return [
    typed.apply(resources.services, annotated, {
      scope: scopes.services,
      onDone: normal("UpdatedService", "Update", "Updated Service {name}"),
      onError: warning("FailedToUpdateService", "Update", "Could not update Service {name}: {error}"),
    }),
  ];
};

/** Deletes a Service. */
export const removeService = (found: Stored<Service>, scope: string): Action => ({
  kind: "delete",
  resource: resources.services,
  ref: { namespace: found.metadata.namespace, name: found.metadata.name },
  options: { preconditions: { uid: found.metadata.uid } },
  scope,
  onDone: normal("DeletedService", "Delete", "Deleted Service {name}"),
  onError: warning("FailedToDeleteService", "Delete", "Could not delete Service {name}: {error}"),
});

/** Applied rather than created: one of a former pass is taken as it is. */
const create = (wanted: Service): Action =>
  typed.apply(resources.services, wanted, {
    scope: scopes.services,
    onDone: normal("CreatedService", "Create", "Created Service {name}"),
    onError: warning("FailedToCreateService", "Create", "Could not create Service {name}: {error}"),
  });

const remove = (found: Stored<Service>): Action => removeService(found, scopes.services);

/** The API server lets no Service gain or lose its address. */
const mustBeNew = (wanted: Service, found: Service): boolean =>
  found.spec?.type !== "ExternalName" &&
  wanted.spec?.type !== "ExternalName" &&
  (wanted.spec?.clusterIP === "None") !== (found.spec?.clusterIP === "None");

/** Whether somebody has changed what we rely on. */
const hasDrifted = (wanted: Service, found: Service): boolean =>
  digest(kubernetesServiceFields(wanted), 16) !== digest(kubernetesServiceFields(found), 16);
