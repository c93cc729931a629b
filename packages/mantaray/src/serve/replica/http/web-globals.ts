import { LazyRequest } from "./lazy-request.ts";
import { LazyResponse } from "./lazy-response.ts";

/**
 * Makes `Response` of this process the lazy one, and `Request` and `fetch` accept lazy requests, which
 * have none of the private state that the real ones look for. Called once, before user code is loaded.
 * Returns the function that undoes it.
 */
export const installWebGlobals = (): (() => void) => {
  const { Request: RealRequest, Response: RealResponse, fetch: realFetch } = globalThis;
  const UnwrappingRequest = function Request(this: unknown, ...args: unknown[]): object {
    if (new.target === undefined) throw new TypeError("Class constructor Request cannot be invoked without 'new'");
    const maker = new.target === (UnwrappingRequest as unknown) ? RealRequest : new.target;
    return Reflect.construct(RealRequest, args.map(unwrap), maker) as object;
  } as unknown as typeof globalThis.Request;
  Object.defineProperty(UnwrappingRequest, "prototype", { value: RealRequest.prototype, writable: false });
  Object.defineProperty(UnwrappingRequest, "length", { value: 1, configurable: true });

  const unwrappingFetch: typeof globalThis.fetch = (input, init) => realFetch(unwrap(input) as typeof input, init);
  Object.defineProperty(unwrappingFetch, "name", { value: "fetch" });

  const set = (Request: typeof RealRequest, Response: typeof RealResponse, fetch: typeof realFetch): void => {
    Object.assign(globalThis, { Request, Response, fetch });
    Object.assign(RealRequest.prototype, { constructor: Request });
    Object.assign(RealResponse.prototype, { constructor: Response });
  };
  set(UnwrappingRequest, LazyResponse, unwrappingFetch);
  return () => set(RealRequest, RealResponse, realFetch);
};

const unwrap = (value: unknown): unknown => (LazyRequest.isLazy(value) ? LazyRequest.materialise(value) : value);
