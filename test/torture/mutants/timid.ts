import type { Mutant } from './mutant.js';

/** An engine that gives up where it could go on. */
export const TIMID: readonly Mutant[] = [
  {
    name: 'a host that is not the SPM has refused the task',
    breaks: 'liveness',
    file: 'actors/pool.ts',
    find: 'new Set([NOT_SPM, RECOVERING, QUEUE_FULL, STALE])',
    replace: 'new Set([RECOVERING, QUEUE_FULL, STALE])',
  },
  {
    name: 'a call without an answer counts as a failed undo',
    breaks: 'liveness',
    file: 'src/flow/retry.ts',
    find: 'return error.callUnknown === true || (',
    replace: 'return (',
  },
  {
    name: 'what was placed when the engine crashed has failed',
    breaks: 'liveness',
    file: 'actors/task-manager.ts',
    find: "if (at === 'placed') placeAgain(task);",
    replace: "if (at === 'placed') ports.after(1_000_000, () => route(newlyTracked(task, 'placed'), { kind: 'failed', code: 100, message: 'the engine has restarted', takeOver: false }));",
  },
  {
    name: 'a dead SPM is waited for',
    breaks: 'liveness',
    file: 'actors/pool/election.ts',
    find: "return canFence ? { step: 'fence', host: owner, incarnation } : start(situation, newest);",
    replace: "return { step: 'wait' };",
  },
];
