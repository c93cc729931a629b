import { pathToFileURL } from "node:url";
import { z } from "zod";
import { MantaError } from "../base/errors.ts";
import { streamKinds } from "../rpc/types.ts";
import type { ActorContext, ActorInstance, CreateActor } from "./actor-module.ts";
import { InvokeServer } from "./invoke-server.ts";
import { callMethod, type UserObject } from "./user-methods.ts";

/** Arguments of the entry module "user-actor". */
const userActorArgsSchema = z.object({
  /** Content hash of the bundle with the class. */
  bundleId: z.string(),
  /** The export that is the class. */
  exportName: z.string(),
  constructorArgs: z.array(z.unknown()).default([]),
});

/** Hosts an object of a user's class: its public methods can be called by handles. */
export const createActor: CreateActor = async (context, args) => {
  const parsed = userActorArgsSchema.safeParse(args);
  if (!parsed.success) {
    throw new MantaError("invalid_argument", `arguments of the actor: ${z.prettifyError(parsed.error)}`);
  }
  const object = await construct(context, parsed.data);
  await lifecycle(object, "setup")?.();
  const server = new InvokeServer((head, callArgs) => callMethod(object, head.method, callArgs));
  const instance: ActorInstance = {
    onLink: (link) => link.accept(streamKinds.invoke, server.acceptor),
    shutdown: async (graceMs) => {
      await server.drain(graceMs);
      await lifecycle(object, "shutdown")?.();
    },
  };
  return instance;
};

const construct = async (
  context: ActorContext,
  { bundleId, exportName, constructorArgs }: z.infer<typeof userActorArgsSchema>,
): Promise<UserObject> => {
  const path = await context.fetchBundle(bundleId);
  const loaded = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const made = loaded[exportName];
  if (typeof made !== "function") {
    const exported = Object.keys(loaded).join(", ");
    throw new MantaError(
      "invalid_argument",
      `exportName must name a class of the bundle (${exported}), got ${JSON.stringify(exportName)}`,
    );
  }
  return new (made as new (...args: readonly unknown[]) => UserObject)(...constructorArgs);
};

/** An optional member that the worker calls, never a caller. */
const lifecycle = (object: UserObject, name: "setup" | "shutdown"): (() => unknown) | undefined => {
  const member = object[name];
  return typeof member === "function" ? () => member.call(object) as unknown : undefined;
};
