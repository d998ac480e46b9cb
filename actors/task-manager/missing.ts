import type { AllTasksStatuses, WireReply } from '../wire.js';

/** That an acknowledged task is not on the list of an SPM that has loaded its tasks, and since when, µs. */
export interface Missing {
  readonly since: number;
  /** Which SPM, and which term of it: what one does not list, the next may have yet to find. */
  readonly term: string;
}

/**
 * What an answer to a poll says of one task. It is kept in memory alone: after a crash the wait begins anew, and so is never shorter than it should be.
 * @param before as the answer before left it @param now µs
 */
export function missingNow(before: Missing | null, reply: WireReply, isListed: boolean, now: number): Missing | null {
  // Only getAllTasksStatuses is answered with this.
  const { settled, generation } = reply.result as AllTasksStatuses;
  if (isListed || settled === false) return null;
  const term = `${reply.from}/${reply.incarnation}/${generation ?? ''}`;
  return before?.term === term ? before : { since: now, term };
}
