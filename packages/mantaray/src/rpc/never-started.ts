import { MantaError } from "../base/errors.ts";

/** The peer never began with the call: it may be made again, whatever it does. */
export class NeverStarted extends MantaError {}
