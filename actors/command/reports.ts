import { SeatbeltError } from '../../src/model/errors.js';
import type { FailedTask, RevertReport, StepFailure, WorkReport } from '../../src/model/handler.js';
import type { CommandState, StepState, TaskItem, WorkItem } from '../../src/flow/state.js';
import { taskFailure } from '../../src/flow/work-failure.js';

// What callbacks are told of work that has ended.

export function reports(work: readonly WorkItem[]): WorkReport[] {
  return work.map((item) => ({
    id: item.id,
    kind: item.kind,
    name: item.kind === 'task' ? item.verb : item.type,
    // Whoever is told runs when all of it has ended.
    outcome: item.outcome ?? { kind: 'unknown' },
    earlier: item.kind === 'task' ? item.past.map(({ outcome }) => outcome) : [],
  }));
}

export function failureOf(state: CommandState, step: StepState): StepFailure {
  const error = step.failure ?? state.error;
  if (error === null) throw new SeatbeltError('INTERNAL', `${state.id}: endWithFailure without a failure`);
  return { beforeCommitted: step.begun, work: reports(step.work), error };
}

export function failedTask({ verb, args, entity, attempt, past }: TaskItem): FailedTask {
  return { verb, args, entity, attempt, outcomes: past.map(({ outcome }) => outcome) };
}

export function revertReport({ completed, revertWork }: StepState): RevertReport {
  return { of: completed ? 'compensate' : 'endWithFailure', work: reports(revertWork), error: taskFailure(revertWork) };
}
