import { asCauses, type ErrorRecord } from '../model/errors.js';
import { firstFence, type CommandState } from './state.js';

// A command whose store is an older copy of what hosts have seen. What it had under way may have come further, or be over: nothing of it goes on by itself,
// and what it waits for may never be told.

/** As it is taken up: nothing that hosts have seen under its name in the lost commits is taken for what it does from now on, nor that for them. */
export function inEpoch(state: CommandState, epoch: number): CommandState {
  return { ...state, epoch, inDoubt: true, fence: firstFence(epoch) };
}

/** Whether it is parked for that, and waits for an operator. */
export function isOfOlderStore({ status, heldBy }: Pick<CommandState, 'status' | 'heldBy'>): boolean {
  return status === 'PARKED' && heldBy !== null && saysOlderStore(heldBy);
}

function saysOlderStore({ code }: ErrorRecord): boolean {
  return code === 'STORE_ROLLED_BACK';
}

/** What is parked already must wait too: a program that fits would let it go on. Its reason is kept among the causes. */
export function parkedAgain(state: CommandState, error: ErrorRecord): CommandState | null {
  if (state.status !== 'PARKED' || !saysOlderStore(error)) return null;
  return { ...state, heldBy: { ...error, causes: [...error.causes, ...asCauses(state.heldBy)] } };
}
