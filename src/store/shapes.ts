import { z } from 'zod';
import type { Callback, CalledVerb, ChildItem, CleanUp, CommandState, CommandStop, Existing, HistoryEntry, MigrationEntry, OperatorEntry, ParentRef, Phase, ScheduledCallback, StepState, TaskItem, UnsettledCall } from '../flow/state.js';
import type { Data } from '../model/data.js';
import type { ErrorRecord } from '../model/errors.js';
import type { LockRequest, LockWait } from '../model/lock.js';
import { OPERATOR_ACTIONS } from '../model/operator.js';
import type { Outcome } from '../model/outcome.js';
import type { CallRecord } from './call-record.js';

// What commands, histories and recorded calls look like on disk.

type Mutable<T> = [Data] extends [T] ? T : { -readonly [K in keyof T]: Mutable<T[K]> };

/** Ties a shape to the type that the engine works with: one that lets through what is not of the type, or refuses what is, does not compile. */
function shape<T>() {
  return <S extends z.ZodType<T>>(it: [Mutable<T>] extends [z.output<S>] ? S : never): z.ZodType<T> => it;
}

export const data = z.custom<Data>((value) => value !== undefined);
export const whole = z.int().min(0);
const positive = z.int().min(1);
/** µs */
const time = z.number();
const text = z.string();
const args = z.record(text, data);

const error = shape<ErrorRecord>()(z.object({
  code: text,
  message: text,
  hostCode: z.number().exactOptional(),
  callUnknown: z.literal(true).exactOptional(),
  retryable: z.boolean(),
  causes: z.array(text),
}));

const outcome = shape<Outcome>()(z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('succeeded') }),
  z.object({ kind: z.literal('failed'), code: z.number(), message: text, takeOver: z.boolean() }),
  z.object({ kind: z.literal('aborted'), reason: z.enum(['cancelled', 'timeout', 'zombie', 'sibling']) }),
  z.object({ kind: z.literal('lost') }),
  z.object({ kind: z.literal('refused'), code: z.number(), message: text }),
  z.object({ kind: z.literal('notSent') }),
  z.object({ kind: z.literal('unknown') }),
  z.object({ kind: z.literal('childFailed'), error }),
]));

const status = z.enum([
  'SUBMITTED',
  'RUNNING',
  'ROLLING_BACK',
  'COMPLETED',
  'SUCCEEDED',
  'ROLLED_BACK',
  'REJECTED',
  'CLOSED_BY_OPERATOR',
  'STUCK',
  'ROLLBACK_INCOMPLETE',
  'PARKED',
]);

const callback = shape<Callback>()(z.enum(['start', 'createTask', 'endSuccessfully', 'endWithFailure', 'compensate', 'compensationEnded', 'hasPassed']));
const scheduled = shape<ScheduledCallback>()(z.union([callback, z.literal(['beforeRetry', 'probe'])]));
const lock = shape<LockRequest>()(z.object({ key: text, mode: z.enum(['exclusive', 'shared']) }));
const lockWait = shape<LockWait>()(z.union([z.literal('refuse'), z.object({ limitMs: z.number() })]));
const stop = shape<CommandStop>()(z.object({ requestedAt: time, during: z.object({ callback, attempt: positive }).nullable() }));
const stopReason = z.enum(['sibling', 'cancelled', 'timeout', 'zombie']);

const phase: z.ZodType<Phase> = shape<Phase>()(z.discriminatedUnion('at', [
  z.object({ at: z.literal('admission') }),
  z.object({ at: z.literal('callback'), callback, attempt: positive, failures: whole, notBefore: time.nullable() }),
  z.object({ at: z.literal('work'), of: z.enum(['step', 'endWithFailure', 'compensate']) }),
  z.object({ at: z.literal('children') }),
  z.object({ at: z.literal('completed') }),
  z.object({
    at: z.literal('held'),
    get from() {
      return phase.nullable();
    },
  }),
  z.object({ at: z.literal('ended') }),
]));

const task: z.ZodType<TaskItem> = shape<TaskItem>()(z.object({
  kind: z.literal('task'),
  ordinal: whole,
  run: whole,
  id: text,
  attempt: positive,
  failures: whole,
  past: z.array(z.object({ id: text, outcome })),
  verb: text,
  args,
  pool: text,
  entity: text.nullable(),
  doneCodes: z.array(z.number()),
  repeatable: z.boolean(),
  notBefore: time.nullable(),
  stop: stopReason.nullable(),
  outcome: outcome.nullable(),
  probing: z.object({ of: z.enum(['unanswered', 'lost']), attempt: positive, failures: whole, notBefore: time.nullable() }).exactOptional(),
  get cleanUp() {
    return cleanUp.exactOptional();
  },
  givenUp: z.object({ run: whole, error: error.nullable() }).exactOptional(),
  get cleanedUp() {
    return z.array(task).exactOptional();
  },
}));

const cleanUp: z.ZodType<CleanUp> = shape<CleanUp>()(z.discriminatedUnion('at', [
  z.object({ at: z.literal('callback'), attempt: positive, failures: whole, notBefore: time.nullable() }),
  z.object({
    at: z.literal('work'),
    run: whole,
    get work() {
      return z.array(task);
    },
  }),
]));

const child = shape<ChildItem>()(z.object({
  kind: z.literal('child'),
  ordinal: whole,
  id: text,
  type: text,
  params: data,
  locks: z.array(lock),
  independent: z.boolean(),
  stop: stopReason.nullable(),
  outcome: outcome.nullable(),
  held: z.object({ status: z.enum(['STUCK', 'ROLLBACK_INCOMPLETE', 'PARKED']), error }).exactOptional(),
  past: z.literal(true).exactOptional(),
  undo: z.enum(['rolledBack', 'stays', 'closed']).exactOptional(),
}));

const called = shape<CalledVerb>()(z.object({ callback: z.enum(['start', 'beforeRetry', 'endSuccessfully']), task: text.exactOptional(), host: text, verb: text, crossed: z.literal(true).exactOptional() }));

const step = shape<StepState>()(z.object({
  handler: text,
  number: whole.exactOptional(),
  reachedAt: time,
  begun: z.boolean(),
  before: data.exactOptional(),
  work: z.array(z.union([task, child])),
  superseded: z.array(task).exactOptional(),
  sent: z.literal(true).exactOptional(),
  timedOut: stop.exactOptional(),
  completed: z.boolean(),
  output: data.exactOptional(),
  pivot: z.enum(['none', 'maybe', 'passed']),
  asking: z
    .discriminatedUnion('of', [
      z.object({ of: z.enum(['start', 'endSuccessfully']), attempt: positive, failures: whole, error }),
      z.object({ of: z.literal('work'), error }),
    ])
    .exactOptional(),
  failure: error.exactOptional(),
  revertWork: z.array(task),
  told: z.int().exactOptional(),
  undo: z.enum(['compensated', 'left', 'nothingToUndo', 'failed', 'notUndoable', 'blocked', 'skipped', 'resolved']).exactOptional(),
  undoError: error.exactOptional(),
  undoAttempt: z.int().exactOptional(),
  closed: z.enum(['skipped', 'resolved']).exactOptional(),
  called: z.array(called).exactOptional(),
}));

/** What a step did. */
const done = {
  index: whole,
  handler: text,
  tasks: z.array(z.object({ id: text, verb: text, args, entity: text.nullable(), outcome })),
  calls: z.array(called),
  children: z.array(text),
};

const existing = shape<Existing>()(z.object({
  ...done,
  why: z.enum(['completed', 'unfinished', 'failed', 'notUndoable', 'blocked', 'skipped']),
  error: error.exactOptional(),
}));

const unsettledCall = shape<UnsettledCall>()(z.object({ host: text, hostIncarnation: whole, verb: text }));

const operatorEntry = shape<OperatorEntry>()(z.object({
  t: time,
  requestId: text,
  action: z.enum(OPERATOR_ACTIONS),
  reason: text.exactOptional(),
  status,
  index: z.int(),
  number: whole.exactOptional(),
  heldBy: error.nullable(),
  historyLength: whole,
}));

const parent = shape<ParentRef>()(z.discriminatedUnion('independent', [
  z.object({ commandId: text, step: whole, independent: z.literal(true) }),
  z.object({ commandId: text, step: whole, independent: z.literal(false), familyRootId: text }),
]));

const migrationEntry = shape<MigrationEntry>()(z.object({
  t: time,
  from: positive,
  to: positive,
  passedOver: z.array(whole),
  dropped: z.array(z.object({ ...done, number: whole })),
  givenUp: z.array(z.object({ callback: scheduled, number: z.int(), attempt: positive, task: text.exactOptional() })),
  historyLength: whole,
}));

export const commandShape = shape<CommandState>()(z.object({
  id: text,
  type: text,
  version: z.number(),
  params: data,
  handlers: z.array(text),
  parent: parent.nullable(),
  rootId: text,
  epoch: positive.exactOptional(),
  inDoubt: z.literal(true).exactOptional(),
  locks: z.array(lock),
  lockWait,
  status,
  executionIndex: z.int().min(-1),
  executionReason: z.enum(['REGULAR_FLOW', 'ROLLBACK_FLOW']),
  phase,
  fence: whole,
  steps: z.array(step),
  nextNumber: whole,
  error: error.nullable(),
  cancel: stop.nullable(),
  heldBy: error.nullable(),
  residue: z.array(z.object({ verb: text, object: text })),
  operator: z.array(operatorEntry),
  exists: z.array(existing),
  unsettled: z.array(unsettledCall).exactOptional(),
  migrations: z.array(migrationEntry).exactOptional(),
  historyLength: whole,
  submittedAt: time,
  endedAt: time.nullable(),
}));

export const historyShape = shape<HistoryEntry>()(z.object({
  t: time,
  handler: text,
  index: whole,
  number: whole.exactOptional(),
  callback: z.enum(['beforeTask', 'createTask', 'beforeRetry', 'probe', 'endSuccessfully', 'endWithFailure', 'compensate', 'compensationEnded', 'hasPassed']),
  task: text.exactOptional(),
  attempt: positive,
  outcome: text,
  hostCode: z.number().exactOptional(),
}));

export const callShape: z.ZodType<CallRecord> = z.object({
  commandId: text,
  index: whole,
  callback: scheduled,
  attempt: positive,
  task: text.exactOptional(),
  reads: z.array(z.object({ key: text, version: whole, value: data })),
  calls: z.array(
    z
      .object({
        host: text,
        verb: text,
        args,
        key: text,
        hostIncarnation: whole,
        reply: z.object({ code: z.number(), message: text, result: data, done: z.literal(true).exactOptional() }).nullable(),
        reads: whole,
        read: z.literal(true).exactOptional(),
      })
      .nullable(),
  ),
});
