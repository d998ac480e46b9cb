import { z } from 'zod';
import type { CallbackName, Probe } from '../../actors/probe.js';
import type { CommandStatus } from '../../src/flow/state.js';

const STATUSES = [
  'SUBMITTED',
  'RUNNING',
  'ROLLING_BACK',
  'SUCCEEDED',
  'ROLLED_BACK',
  'REJECTED',
  'STUCK',
  'ROLLBACK_INCOMPLETE',
  'PARKED',
] as const satisfies readonly CommandStatus[];

const CALLBACKS = [
  'beforeTask',
  'createTask',
  'endSuccessfully',
  'endWithFailure',
  'compensate',
  'hasPassed',
] as const satisfies readonly CallbackName[];

/** Which of the moments that fit, from 1, counted over the whole run. */
const nthSchema = z.int().min(1).default(1);

const taskConditionSchema = z
  .strictObject({ task: z.string(), is: z.enum(['placed', 'submitted', 'running', 'ended']), nth: nthSchema })
  .transform(({ task, is, nth }) => ({ of: 'task' as const, verb: task, is, nth }));

const commandConditionSchema = z
  .strictObject({ command: z.string(), is: z.enum(STATUSES), nth: nthSchema })
  .transform(({ command, is, nth }) => ({ of: 'command' as const, type: command, is, nth }));

const callbackConditionSchema = z
  .strictObject({ callback: z.enum(CALLBACKS), handler: z.string().exactOptional(), is: z.enum(['run', 'committed']), nth: nthSchema })
  .transform(({ callback, handler, is, nth }) => ({ of: 'callback' as const, callback, handler: handler ?? null, is, nth }));

/** A moment named by what is seen to happen: to a task of a verb, to a command of a type, or to a callback (of any handler, or of one). */
export const conditionSchema = z
  .union([taskConditionSchema, commandConditionSchema, callbackConditionSchema], {
    error: 'expected a condition: {task: VERB, is: running}, {command: TYPE, is: ROLLING_BACK} or {callback: compensate, is: committed}',
  })
  .readonly();

export type Condition = z.output<typeof conditionSchema>;

/** Returns a function to be shown every probe of a run, in order: whether this is a moment that fits, the first of which is number 1. */
export function matcher(condition: Condition): (probe: Probe) => boolean {
  switch (condition.of) {
    case 'task':
      return taskMatcher(condition.verb, condition.is);
    case 'command':
      return commandMatcher(condition.type, condition.is);
    case 'callback': {
      const type = condition.is === 'run' ? 'callbackRuns' : 'callbackCommitted';
      return (probe) =>
        probe.type === type && probe.callback === condition.callback && (condition.handler === null || probe.handler === condition.handler);
    }
  }
}

const TASK_PROBES = { placed: 'taskPlaced', submitted: 'taskSubmitted', running: 'hostTaskStarted', ended: 'hostTaskEnded' } as const;

/** Only the first probes about a task tell its verb, so it is remembered by id. */
function taskMatcher(verb: string, is: keyof typeof TASK_PROBES): (probe: Probe) => boolean {
  const ids = new Set<string>();
  return (probe) => {
    if ((probe.type === 'taskPlaced' || probe.type === 'hostTaskAccepted') && probe.verb === verb) ids.add(probe.taskId);
    return probe.type === TASK_PROBES[is] && ids.has(probe.taskId);
  };
}

/** Only its submission tells a command's type. */
function commandMatcher(type: string, is: CommandStatus): (probe: Probe) => boolean {
  const ids = new Set<string>();
  return (probe) => {
    if (probe.type === 'commandSubmitted' && probe.commandType === type) {
      ids.add(probe.commandId);
      return is === 'SUBMITTED';
    }
    return is !== 'SUBMITTED' && probe.type === 'statusChanged' && probe.status === is && ids.has(probe.commandId);
  };
}
