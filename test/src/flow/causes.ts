import { childToUndo, uncovered } from '../../../src/flow/children.js';
import type { FlowEffect, FlowEvent } from '../../../src/flow/event.js';
import { placedTasks } from '../../../src/flow/items.js';
import type { CommandState } from '../../../src/flow/state.js';
import { recover } from '../../../src/flow/transition.js';
import { outstandingWork } from '../../../src/flow/work.js';

// What makes an event come. If the process dies in a state, what is left is its records (of tasks and children) and what a recovered engine does for it.

/** Whether an event comes in this state without anybody's wish: of a task or child that is on record, or of something that a recovered engine does. */
export function isCaused(state: CommandState): (event: FlowEvent) => boolean {
  const owed = new Set(recover(state).map(nameOf));
  const tasks = new Set(tasksOf(state));
  const children = new Set(childrenOf(state));
  const { executionIndex, phase } = uncovered(state);
  const undoing = phase.at === 'children' ? childToUndo(state)?.id : undefined;
  return (event) => {
    switch (event.type) {
      case 'locksGranted':
      case 'locksRefused':
        return owed.has('acquireLocks');
      case 'workEnded':
      case 'workUnresolved':
        return tasks.has(event.id);
      case 'childReported':
        return children.has(event.id) || (event.id === undoing && owed.has(`rollBackChild ${event.id}`));
      case 'retryDue':
        return owed.has(`retryAt ${event.id}`);
      case 'probed':
      case 'probeThrew':
        return owed.has(`probe ${event.run.task} ${event.run.attempt}`);
      case 'prepared':
      case 'beforeRetryThrew':
        return owed.has(`beforeRetry ${event.run.task} ${event.run.attempt}`);
      case 'started':
      case 'recreated':
      case 'endedSuccessfully':
      case 'endedWithFailure':
      case 'compensated':
      case 'compensationEnded':
      case 'answered':
      case 'threw':
        return phase.at === 'callback' && owed.has(`${phase.callback} ${executionIndex} ${event.run.attempt}`);
      // A verb that crosses leaves in the middle of a callback, which ends, too.
      case 'crossing':
      case 'cancel':
      case 'taskOverdue':
      case 'stepTimedOut':
      case 'operate':
      case 'rollBack':
      case 'parked':
      case 'unparked':
      case 'callsGivenUp':
      case 'callsSettled':
        return false;
    }
  };
}

/** What an effect asks for, apart from what it says of when and why. */
export function nameOf(effect: FlowEffect): string {
  switch (effect.do) {
    case 'acquireLocks':
    case 'end':
      return effect.do;
    case 'runCallback':
      return `${effect.callback} ${effect.index} ${effect.attempt}`;
    case 'runBeforeRetry':
      return `beforeRetry ${effect.item.id} ${effect.item.cleanUp?.at === 'callback' ? effect.item.cleanUp.attempt : 'never'}`;
    case 'runProbe':
      return `probe ${effect.item.id} ${effect.item.probing?.attempt ?? 'never'}`;
    case 'placeTask':
    case 'startChild':
      return `${effect.do} ${effect.item.id}`;
    case 'consumeTask':
    case 'stopTask':
    case 'cancelChild':
    case 'rollBackChild':
    case 'retryAt':
      return `${effect.do} ${effect.id}`;
  }
}

/** Ids of the tasks that are on record for the command, and not yet consumed. */
export function tasksOf(state: CommandState): readonly string[] {
  return placedTasks(outstandingWork(state).items).map(({ id }) => id);
}

/** Ids of the children that have not ended. */
export function childrenOf(state: CommandState): readonly string[] {
  return outstandingWork(state).items.flatMap((item) => (item.kind === 'child' && item.outcome === null ? [item.id] : []));
}
