import { ApiError } from "../../api/api-error.ts";

/** In which form objects are answered. */
export type Representation = "object" | "table" | "metadata";

/**
 * The form that the client likes best of those there are. Throws `ApiError` (NotAcceptable) when it takes no JSON.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources
 */
export const chooseRepresentation = (accept: string | undefined): Representation => {
  if (accept === undefined || accept.trim() === "") return "object";
  for (const alternative of accept.split(",")) {
    const [type = "", ...parameters] = alternative.split(";").map((part) => part.trim());
    if (!["application/json", "application/*", "*/*"].includes(type)) continue;
    const options = new Map(parameters.map((parameter) => parameter.split("=", 2) as [string, string]));
    const as = options.get("as");
    if (as === undefined) return "object";
    if (options.get("g") !== "meta.k8s.io" || options.get("v") !== "v1") continue;
    if (as === "Table") return "table";
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return "metadata";
  }
  throw new ApiError(
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/json;as=Table;g=meta.k8s.io;v=v1, application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
  );
};
