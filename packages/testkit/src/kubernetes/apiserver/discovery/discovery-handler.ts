import { createHash } from "node:crypto";
import { ApiError } from "../../api/api-error.ts";
import type { Definitions } from "../engine/definitions.ts";
import type { RequestContext } from "../http/context.ts";
import { sendJson } from "../http/respond.ts";
import type { OpenApiDocuments } from "../plugins.ts";
import { apiGroups, type DiscoveredGroup } from "./api-groups.ts";
import { aggregated, aggregatedType, coreVersions, groupDocument, groupList, resourceList } from "./documents.ts";

/** The version that this server behaves like. */
export const kubernetesVersion = {
  major: "1",
  minor: "34",
  gitVersion: "v1.34.1+manta",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2025-09-09T00:00:00Z",
  goVersion: "none",
  compiler: "none",
  platform: "linux/amd64",
};

const healthPaths = /^\/(?:healthz|livez|readyz)(?:\/.*)?$/;
const notServed = (): ApiError => new ApiError("NotFound", "the server could not find the requested resource");

/** Answers all that is not about a resource: health, version, discovery and schemas. Documents are kept until a definition changes. */
export class DiscoveryHandler {
  readonly #definitions: Definitions;
  readonly #openApi: OpenApiDocuments;
  readonly #documents = new Map<string, string>();
  #groups: readonly DiscoveredGroup[] | undefined;

  constructor(definitions: Definitions, openApi: OpenApiDocuments) {
    this.#definitions = definitions;
    this.#openApi = openApi;
    definitions.onChange(() => {
      this.#groups = undefined;
      this.#documents.clear();
    });
  }

  /** Throws `ApiError` (NotFound). */
  handle({ info, request, response }: RequestContext): void {
    const path = info.path.length > 1 && info.path.endsWith("/") ? info.path.slice(0, -1) : info.path;
    if (healthPaths.test(path)) {
      response.writeHead(200, { "content-type": "text/plain" });
      response.end("ok");
      return;
    }
    if (path === "/openapi/v2") return this.#sendOpenApiV2({ request, response });
    const wantsAggregated = (request.headers.accept ?? "").includes("g=apidiscovery.k8s.io;v=v2;");
    if (wantsAggregated && (path === "/api" || path === "/apis")) {
      const groups = this.#discovered().filter(({ name }) => (name === "") === (path === "/api"));
      response.setHeader("vary", "Accept");
      return sendJson(
        response,
        200,
        this.#document(`aggregated ${path}`, () => aggregated(groups)),
        aggregatedType,
      );
    }
    const address = request.headers.host ?? "";
    sendJson(
      response,
      200,
      this.#document(`${path} ${path === "/api" ? address : ""}`, () => this.#plain(path, address)),
    );
  }

  #plain(path: string, address: string): object {
    if (path === "/version") return kubernetesVersion;
    if (path === "/api") return coreVersions(address);
    if (path === "/apis") return groupList(this.#discovered());
    if (path === "/openapi/v3") return this.#openApiIndex();
    if (path.startsWith("/openapi/v3/")) return this.#openApiV3(path.slice("/openapi/v3/".length));
    const [, root, ...parts] = path.split("/");
    const [groupName = "", version] = root === "api" ? ["", parts[0]] : [parts[0], parts[1]];
    const group =
      root === "api" || root === "apis" ? this.#discovered().find(({ name }) => name === groupName) : undefined;
    if (group === undefined) {
      if (path === "/")
        return { paths: ["/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"] };
      throw notServed();
    }
    if (version === undefined) return groupDocument(group);
    const found = group.versions.find((each) => each.version === version);
    if (found === undefined) throw notServed();
    return resourceList(groupName, version, found.resources);
  }

  /** https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3 */
  #openApiIndex(): object {
    const paths = this.#discovered().flatMap(({ name, versions }) =>
      versions.map(({ version }) => (name === "" ? `api/${version}` : `apis/${name}/${version}`)),
    );
    const entries = paths.map((path) => {
      const text = this.#document(`/openapi/v3/${path} `, () => this.#openApiV3(path));
      const hash = createHash("sha256").update(text).digest("hex").toUpperCase();
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
    });
    return { paths: Object.fromEntries(entries) as object };
  }

  #openApiV3(path: string): object {
    const [root, ...parts] = path.split("/");
    const [group = "", version] = root === "api" ? ["", parts[0]] : parts;
    const definitions = this.#definitions.all().filter((each) => each.group === group && each.version === version);
    if (definitions.length === 0 && !this.#discovered().some(({ name }) => name === group)) throw notServed();
    return this.#openApi.v3(path, definitions);
  }

  #sendOpenApiV2({ request, response }: Pick<RequestContext, "request" | "response">): void {
    const accept = request.headers.accept ?? "*/*";
    if (accept.includes("json") || accept.includes("*/*")) {
      return sendJson(
        response,
        200,
        this.#document("/openapi/v2", () => this.#openApi.v2(this.#definitions.all())),
      );
    }
    const bytes = this.#openApi.v2Protobuf?.(this.#definitions.all());
    if (bytes === undefined)
      throw new ApiError("NotAcceptable", "only the following media types are accepted: application/json");
    response.writeHead(200, {
      "content-type": "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
      "content-length": bytes.length,
    });
    response.end(bytes);
  }

  #discovered(): readonly DiscoveredGroup[] {
    this.#groups ??= apiGroups(this.#definitions.all());
    return this.#groups;
  }

  #document(key: string, make: () => object): string {
    let text = this.#documents.get(key);
    if (text === undefined) {
      text = JSON.stringify(make());
      this.#documents.set(key, text);
    }
    return text;
  }
}
