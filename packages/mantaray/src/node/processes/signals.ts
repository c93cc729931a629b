/** Sends a signal to a process or, with a negative id, to a group; false when there is none any more. */
export const sendSignal = (id: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(id, signal);
    return true;
  } catch (error) {
    // Gone already is what the caller wanted; EPERM on a group means that only zombies are left in it.
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ESRCH" || code === "EPERM") return false;
    throw error;
  }
};

/** Kills a whole process group: the leader and every descendant that did not leave it. */
export const killGroup = (groupId: number): boolean => sendSignal(-groupId, "SIGKILL");
