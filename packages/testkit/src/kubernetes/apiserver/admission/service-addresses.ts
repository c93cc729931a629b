import type { Service } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { AdmissionPlugin } from "../engine/admission-plugin.ts";
import { invalidObject } from "../field-problems.ts";
import type { Store } from "../storage/store.ts";
import { addressText, parseSubnet, type Subnet } from "./subnet.ts";

/** Gives Services their cluster IP, of a subnet in CIDR notation. https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/ */
export const serviceAddresses = (store: Store, cidr: string): AdmissionPlugin => {
  const subnet = parseSubnet(cidr);
  // Where the search for a free one starts: an address that was just given up is not given to another one at once.
  let next = 2;
  return {
    mutate: ({ definition, object, name, old, dryRun }) => {
      if (definition.storage !== "/services") return;
      const { spec } = object as KubeObject & Service;
      if (spec === undefined || typeof spec !== "object" || spec.type === "ExternalName") return;
      const before = (old as Service | undefined)?.spec?.clusterIP ?? "";
      if (spec.clusterIP === "None" || before !== "") return;
      const taken = takenAddresses(store);
      if ((spec.clusterIP ?? "") === "") {
        const { address, index } = freeAddress(subnet, taken, next);
        if (!dryRun) next = index + 1;
        spec.clusterIP = address;
        spec.clusterIPs = [address];
        return;
      }
      if (taken.has(spec.clusterIP ?? "")) {
        const message = `Invalid value: ["${spec.clusterIP}"]: failed to allocate IP ${spec.clusterIP}: provided IP is already allocated`;
        throw invalidObject(definition, name, [{ reason: "FieldValueInvalid", field: "spec.clusterIPs", message }]);
      }
    },
  };
};

const takenAddresses = (store: Store): Set<string> => {
  const services = store.collection("/services").all() as readonly (KubeObject & Service)[];
  return new Set(services.flatMap(({ spec }) => (spec?.clusterIP === undefined ? [] : [spec.clusterIP])));
};

/** The first address is the Service `kubernetes`. */
const freeAddress = (subnet: Subnet, taken: ReadonlySet<string>, from: number): { address: string; index: number } => {
  const usable = subnet.size - 2;
  for (let step = 0; step < usable; step += 1) {
    const index = ((from - 1 + step) % usable) + 1;
    const address = addressText(subnet, index);
    if (!taken.has(address)) return { address, index };
  }
  throw new Error(`all ${usable} addresses of the Service subnet are taken`);
};
