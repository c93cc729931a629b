import type { KubeObject } from "../../../api/objects.ts";
import type { JsonObject } from "../../json.ts";
import { ageColumn, type Column, column, nameColumn } from "../column.ts";
import { at, joined, labelsText, listAt, none, selectorText, textAt } from "../read.ts";

/** Addresses shown of one EndpointSlice or Endpoints; the rest is counted. */
const addressesShownMax = 3;

/** Columns of Services and what is behind and before them. */
export const networkColumns: Readonly<Record<string, readonly Column[]>> = {
  services: [
    nameColumn,
    column("Type", (service) => textAt(service, ["spec", "type"])),
    column("Cluster-IP", (service) => textAt(service, ["spec", "clusterIP"], none)),
    column("External-IP", externalIp),
    column("Port(s)", (service) => joined(listAt(service, "spec", "ports").map(servicePort))),
    ageColumn,
    column("Selector", (service) => labelsText(at(service, "spec", "selector")), { wide: true }),
  ],
  endpoints: [nameColumn, column("Endpoints", endpointsText), ageColumn],
  endpointslices: [
    nameColumn,
    column("AddressType", (slice) => textAt(slice, ["addressType"])),
    column("Ports", (slice) =>
      limited(
        listAt(slice, "ports").map((port) => textAt(port, ["port"], "*")),
        "<unset>",
      ),
    ),
    column("Endpoints", (slice) =>
      limited(
        listAt(slice, "endpoints").map((endpoint) => textAt(endpoint, ["addresses", 0])),
        "<unset>",
      ),
    ),
    ageColumn,
  ],
  ingresses: [
    nameColumn,
    column("Class", (ingress) => textAt(ingress, ["spec", "ingressClassName"], none)),
    column("Hosts", (ingress) =>
      limited(
        listAt(ingress, "spec", "rules").map((rule) => textAt(rule, ["host"], "*")),
        "*",
      ),
    ),
    column("Address", (ingress) => listAt(ingress, "status", "loadBalancer", "ingress").map(addressOf).join(",")),
    column("Ports", (ingress) => (listAt(ingress, "spec", "tls").length > 0 ? "80, 443" : "80")),
    ageColumn,
  ],
  networkpolicies: [
    nameColumn,
    column("Pod-Selector", (policy) => selectorText(at(policy, "spec", "podSelector"))),
    ageColumn,
  ],
};

function externalIp(service: KubeObject): string {
  const addresses = listAt(service, "status", "loadBalancer", "ingress").map(addressOf);
  switch (textAt(service, ["spec", "type"])) {
    case "ExternalName":
      return textAt(service, ["spec", "externalName"]);
    case "LoadBalancer":
      return addresses.length === 0 ? "<pending>" : addresses.join(",");
    default: {
      const external = at(service, "spec", "externalIPs");
      return joined(Array.isArray(external) ? external.map(String) : []);
    }
  }
}

function addressOf(ingress: JsonObject): string {
  return textAt(ingress, ["ip"]) || textAt(ingress, ["hostname"]);
}

function servicePort(port: JsonObject): string {
  const node = textAt(port, ["nodePort"]);
  return `${textAt(port, ["port"])}${node === "" || node === "0" ? "" : `:${node}`}/${textAt(port, ["protocol"], "TCP")}`;
}

function endpointsText(endpoints: KubeObject): string {
  const addresses = listAt(endpoints, "subsets").flatMap((subset) => {
    const ports = listAt(subset, "ports").map((port) => textAt(port, ["port"]));
    return listAt(subset, "addresses").flatMap((address) => {
      const ip = textAt(address, ["ip"]);
      return ports.length === 0 ? [ip] : ports.map((port) => `${ip}:${port}`);
    });
  });
  return limited(addresses, none);
}

function limited(texts: readonly string[], otherwise: string): string {
  if (texts.length === 0) return otherwise;
  const shown = texts.slice(0, addressesShownMax).join(",");
  return texts.length > addressesShownMax ? `${shown} + ${texts.length - addressesShownMax} more...` : shown;
}
