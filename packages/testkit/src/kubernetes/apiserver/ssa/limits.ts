/** Bounds of field management, each with its reason. */
export const limits = {
  /** Managers of an object that update it: more would let `managedFields` grow without end. The API server's own number. */
  updatersMax: 10,
  /** Characters of a manager's name, as the API server has it. */
  managerCharsMax: 128,
} as const;
