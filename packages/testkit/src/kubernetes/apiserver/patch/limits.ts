/** Operations in one JSON patch. A patch is handwork of a client, never data; the API server bounds it alike. */
export const jsonPatchOperationsMax = 10_000;
