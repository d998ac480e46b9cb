import type { CommandResult } from '../../sim/report/result.js';

/** How a command ended, and, of one that rolled back, because of what. */
export type Ending = 'SUCCEEDED' | 'ROLLED_BACK (no answer)' | 'ROLLED_BACK (host died)' | 'ROLLED_BACK (the one before did)' | 'ROLLED_BACK (out of time)' | 'ROLLED_BACK (failure)' | Exclude<CommandResult['status'], 'ROLLED_BACK'>;

/** What a dead host says, or what is said of it, when it is back: its task was taken over, it is another incarnation, what ran in its memory is gone. */
const HOST_DIED = /failed with 0:|meant for incarnation|is not being replicated|failed with 99:/;
/** The flow that is to go on with what this one was to make, or to leave alone, finds that it did not. */
const NOTHING_TO_DO = /there is no vm|^VM \S+ is up|^disk \S+ is on \S+ already/;

/** A step that has a time limit, and is waiting for a host. */
const OUT_OF_TIME = /was not over after \d+ ms/;

/** A step that is tried once may well roll back when its host died: that is no timidity, and is told apart. */
export function endingOf({ status, error }: Pick<CommandResult, 'status' | 'error'>): Ending {
  if (status !== 'ROLLED_BACK') return status;
  const texts = error === undefined ? '' : [error.message, ...error.causes].join(' ');
  if (error?.callUnknown === true) return 'ROLLED_BACK (no answer)';
  if (HOST_DIED.test(texts)) return 'ROLLED_BACK (host died)';
  if (NOTHING_TO_DO.test(texts)) return 'ROLLED_BACK (the one before did)';
  if (OUT_OF_TIME.test(texts)) return 'ROLLED_BACK (out of time)';
  return 'ROLLED_BACK (failure)';
}
