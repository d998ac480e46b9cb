import { handlersOf, type CommandDefinition } from '../../src/model/command.js';
import type { Data } from '../../src/model/data.js';
import type { LockRecord } from '../../src/model/lock.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import type { FlowEffect, FlowEvent } from '../../src/flow/event.js';
import { isTerminal, submitted, type ChildItem, type CommandState, type HistoryEntry, type ParentRef, type TaskItem, type WorkItem } from '../../src/flow/state.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import { numberAt, stepNumber, type Transition } from '../../src/flow/step.js';
import { familyRootId, isDependent, succeededWithRoot } from '../../src/flow/children.js';
import type { Change } from '../../src/store/change.js';
import type { StoredCommand } from '../../src/store/records.js';
import type { Probe } from '../probe.js';

/** Everything that one commit of a command is made from. */
export interface BatchInput {
  readonly definitions: ReadonlyMap<string, CommandDefinition>;
  /** The durable state. */
  readonly before: CommandState;
  readonly event: FlowEvent;
  readonly step: Transition;
  readonly history: readonly HistoryEntry[];
  /** Its outstanding tasks' records. */
  readonly tasks: ReadonlyMap<string, SpmAsyncTask>;
  /** The locks that its root holds, as granted: with this command's and its other children's. Few commits need them. */
  readonly heldLocks: () => readonly LockRecord[];
  /** The dependent children of its family that are completed, to any depth. Empty unless this command's end is theirs. */
  readonly completedFamily: readonly CommandState[];
  /** µs */
  readonly now: number;
}

/** The command's own records in a batch; what its callback staged of the entities is added by the journal. */
export function changesOf(input: BatchInput): Change[] {
  const { before, step, history } = input;
  const changes: Change[] = [{ type: 'command', state: stored(step.state) }];
  history.forEach((entry, i) => changes.push({ type: 'history', commandId: before.id, seq: before.historyLength + i, entry }));
  for (const effect of step.effects) changes.push(...changesOfEffect(input, effect));
  if (input.event.type === 'locksGranted') changes.push(...lockChanges(input));
  return changes;
}

/** In the mode that the root has now, which another of its commands may have made stronger than this one needs. */
function lockChanges({ before, heldLocks }: BatchInput): Change[] {
  const asked = new Set(before.locks.map(({ key }) => key));
  return heldLocks().filter(({ key }) => asked.has(key)).map((lock) => ({ type: 'lock', lock }));
}

function changesOfEffect({ step, tasks, heldLocks, completedFamily, now, definitions }: BatchInput, effect: FlowEffect): Change[] {
  switch (effect.do) {
    case 'placeTask':
      return [{ type: 'task', task: placeholder(step.state, effect.item, now) }];
    case 'consumeTask': {
      const task = tasks.get(effect.id);
      return task === undefined ? [] : [{ type: 'task', task: { ...task, state: 'Ending', submittedAt: null } }];
    }
    case 'startChild':
      return [{ type: 'command', state: stored(childOf(definitions, step.state, effect.item, now)) }];
    case 'end':
      return [
        ...(isRoot(step.state) ? heldLocks().map(({ key, owner }): Change => ({ type: 'lockReleased', key, owner })) : []),
        ...completedFamily.map((child): Change => ({ type: 'command', state: stored(succeededWithRoot(child, now)) })),
      ];
    case 'acquireLocks':
    case 'runCallback':
    case 'runBeforeRetry':
    case 'runProbe':
    case 'stopTask':
    case 'cancelChild':
    case 'rollBackChild':
    case 'retryAt':
      return [];
  }
}

/** What the observer is told once the batch is synced. */
export function probesOf({ before, event, step, history, heldLocks, completedFamily, now }: BatchInput): Probe[] {
  const { state, effects } = step;
  const threw = errorOfRun(event);
  const probes: Probe[] = [];
  if (event.type === 'locksGranted') probes.push({ type: 'lockGranted', owner: before.rootId, keys: before.locks.map(({ key }) => key) });
  for (const { handler, index, callback, attempt, task } of history) {
    probes.push({ type: 'callbackCommitted', commandId: before.id, index, handler, callback, attempt, ...(task === undefined ? {} : { task }), threw });
  }
  for (const effect of effects) {
    if (effect.do === 'placeTask') {
      const { id: taskId, commandId, executionIndex, executionReason: reason, attempt, verb } = placeholder(state, effect.item, now);
      probes.push({ type: 'taskPlaced', taskId, commandId, executionIndex, reason, attempt, verb });
    } else if (effect.do === 'consumeTask' && (event.type === 'workEnded' || isOfUnresolved(event))) {
      // One that is submitted anew goes on under another id, and was not sent.
      const reported = event.type === 'workEnded' ? event.outcome : { kind: 'notSent' as const };
      probes.push({ type: 'taskEnded', taskId: effect.id, outcome: judgedOutcome(state, effect.id) ?? reported });
    } else if (effect.do === 'startChild') {
      probes.push({ type: 'commandSubmitted', commandId: effect.item.id, commandType: effect.item.type, parentId: before.id });
    }
  }
  if (event.type === 'operate') probes.push({ type: 'operatorActed', commandId: before.id, action: event.request.action, reason: event.request.reason ?? null });
  if (state.status !== before.status) probes.push({ type: 'statusChanged', commandId: state.id, status: state.status, error: state.error });
  for (const child of completedFamily) probes.push({ type: 'statusChanged', commandId: child.id, status: 'SUCCEEDED', error: null });
  if (isTerminal(state.status) && isRoot(state)) probes.push({ type: 'lockReleased', owner: state.id, keys: heldLocks().map(({ key }) => key) });
  return probes;
}

/** Of a callback that threw. */
function errorOfRun(event: FlowEvent): ErrorRecord | null {
  return event.type === 'threw' || event.type === 'beforeRetryThrew' || event.type === 'probeThrew' ? event.error : null;
}

function isOfUnresolved({ type }: FlowEvent): boolean {
  return type === 'workUnresolved' || type === 'probed' || type === 'probeThrew';
}

/** An end with a declared code counts as an end well; what counts is in the new state, if the item has not gone on to its next attempt. */
function judgedOutcome(state: CommandState, taskId: string): Outcome | null {
  for (const step of state.steps) {
    const item = [...step.work, ...step.revertWork].flatMap((work): readonly WorkItem[] => (work.kind === 'task' ? withCleanUps(work) : [work])).find(({ id }) => id === taskId);
    if (item !== undefined) return item.outcome;
  }
  return null;
}

/** Whether dependent children of it, to any depth, wait for its end. */
export function endsItsFamily(state: CommandState): boolean {
  return isTerminal(state.status) && !isDependent(state);
}

export function isRoot(state: CommandState): boolean {
  return state.id === state.rootId;
}

/** A snapshot as the store takes it: the same value, whose type the store does not look into. */
export function stored(state: CommandState): StoredCommand {
  return state as unknown as StoredCommand & Data;
}

export function placeholder(state: CommandState, item: TaskItem, now: number): SpmAsyncTask {
  return {
    id: item.id,
    commandId: state.id,
    executionIndex: state.executionIndex,
    ...numberAt(state, state.executionIndex),
    executionReason: state.executionReason,
    attempt: item.attempt,
    pool: item.pool,
    verb: item.verb,
    args: item.args,
    entity: item.entity,
    state: 'Placeholder',
    createdAt: now,
    submittedAt: null,
  };
}

function parentRef(parent: CommandState, { independent }: ChildItem): ParentRef {
  const [commandId, step] = [parent.id, stepNumber(parent)];
  return independent ? { commandId, step, independent } : { commandId, step, independent, familyRootId: familyRootId(parent) };
}

/** A child's first snapshot. Its type and params were checked when its parent's callback asked for it. */
export function childOf(definitions: ReadonlyMap<string, CommandDefinition>, parent: CommandState, item: ChildItem, now: number): CommandState {
  const definition = definitions.get(item.type);
  return submitted({
    id: item.id,
    type: item.type,
    version: definition?.version ?? 0,
    params: item.params,
    handlers: definition === undefined ? [] : handlersOf(definition, item.params).map(({ name }) => name),
    parent: parentRef(parent, item),
    rootId: parent.rootId,
    ...(parent.epoch === undefined ? {} : { epoch: parent.epoch }),
    locks: item.locks,
    lockWait: definition?.lockWait ?? 'refuse',
    submittedAt: now,
  });
}
