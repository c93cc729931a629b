import type { ApiAccess, DeleteOptions } from "../../api/access.ts";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";

/** Deletes this very object; one that is gone or replaced is as good as deleted. */
export const deleteObject = async (
  access: ApiAccess,
  resource: ResourceId,
  { metadata }: KubeObject,
  options: DeleteOptions = {},
): Promise<void> => {
  const { namespace, name, uid } = metadata;
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  try {
    await access.delete(resource, namespace === undefined ? { name } : { namespace, name }, {
      ...options,
      ...preconditions,
    });
  } catch (error) {
    if (!(error instanceof ApiError) || (error.reason !== "NotFound" && error.reason !== "Conflict")) throw error;
  }
};

/** Undefined when something of that name is there already. */
export const createUnlessThere = async (
  access: ApiAccess,
  resource: ResourceId,
  object: KubeObject,
): Promise<KubeObject | undefined> => {
  try {
    return await access.create(resource, object);
  } catch (error) {
    if (error instanceof ApiError && error.reason === "AlreadyExists") return undefined;
    throw error;
  }
};
