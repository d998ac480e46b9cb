import type { OperatorAction } from '../../../src/model/operator.js';
import { Stop, type Tale } from './tale.js';

// Held states, and what an operator does with them.

/** An operator has given up what is left of a step that cannot go on, or done it by hand. */
export class Closed extends Error {
  constructor(readonly how: 'skipped' | 'resolved') {
    super(how);
  }
}

/** Waits for an operator. @returns what is to be done, if the command is to go on at all */
export function held(tale: Tale, status: 'STUCK' | 'ROLLBACK_INCOMPLETE'): 'retry' | 'skipped' | 'resolved' {
  const { entry } = tale;
  if (entry === undefined) throw new Stop(status);
  if (entry.kind !== 'operated') throw tale.impossible(`the command is ${status}`);
  tale.understood();
  if (entry.action === 'abandon') throw new Stop('CLOSED_BY_OPERATOR');
  return HOW[entry.action];
}

const HOW: Record<Exclude<OperatorAction, 'abandon'>, 'retry' | 'skipped' | 'resolved'> = { retry: 'retry', skip: 'skipped', resolve: 'resolved' };

/** It can only go forward, and cannot go on. Returns if it is to be tried again. @throws Closed */
export function stuck(tale: Tale): void {
  const how = held(tale, 'STUCK');
  if (how !== 'retry') throw new Closed(how);
}
