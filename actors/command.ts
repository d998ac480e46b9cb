import type { Data } from '../src/model/data.js';
import type { CommandDefinition } from '../src/model/command.js';
import { SeatbeltError, type ErrorRecord } from '../src/model/errors.js';
import type { SpmAsyncTask } from '../src/model/task.js';
import type { FlowEffect, FlowEvent } from '../src/flow/event.js';
import { cancelRefusal, refusesCommit } from '../src/flow/cancel.js';
import { CANCELLED } from '../src/flow/cancelled.js';
import { shapeOf } from '../src/flow/shape.js';
import type { CommandState, HistoryEntry } from '../src/flow/state.js';
import { stepAt } from '../src/flow/step.js';
import { recover, transition } from '../src/flow/transition.js';
import type { Change } from '../src/store/change.js';
import { NOTHING_STAGED, type StagedEntities } from '../src/store/staged-view.js';
import { changesOf, childOf, isRoot, placeholder, probesOf, type BatchInput } from './command/batch.js';
import { CallbackHost } from './command/callback-host.js';
import { CallbackRun, hasSent, type CallRecord, type RunResult } from './command/callback-run.js';
import { OpenTurn } from './command/open-turn.js';
import { callsAfter, callsAfterAnswer } from './command/kept-calls.js';
import { Admission, lockError } from './command/admission.js';
import { historyEntry, LAST_CALLBACK, returnedEntries } from './command/history.js';
import type { EngineContext } from './engine-context.js';
import type { CallbackName } from './probe.js';
import type { CancelAnswer, CommandMessage, CommitOutcome, CommitRequest, LockAnswer } from './messages.js';

export interface CommandDeps {
  readonly context: EngineContext;
  readonly definition: CommandDefinition;
  readonly initial: CommandState;
  /** The recorded calls of the callback that was running when the engine crashed. */
  readonly openCalls: CallRecord | null;
  /** The records of its outstanding tasks. */
  readonly tasks: readonly SpmAsyncTask[];
  readonly wakeSelf: (message: CommandMessage) => void;
  /** Its durable state has changed. */
  readonly changed: (state: CommandState) => void;
  /** A child's first snapshot is committed: start its actor. */
  readonly childPlaced: (child: CommandState) => void;
  /** Pass the wish to cancel on to a child. */
  readonly cancelChild: (childId: string) => void;
}

/** What goes into the batch of an event beside the new state. */
interface Beside {
  readonly entities?: StagedEntities;
  readonly history?: readonly HistoryEntry[];
  /** The open-call record after this commit; absent: as it is. */
  readonly calls?: (after: CommandState) => CallRecord | null;
  /** Called once it is durable, after what the new state asks for. */
  readonly then?: () => void;
}

/** What happens if the event is not applied. Only commits with entities meet conflicts and refusals. */
interface Otherwise {
  readonly ignored?: () => void;
  readonly conflict?: (entity: string) => void;
  readonly refused?: (error: ErrorRecord) => void;
}

/** A commit whose turn has come, and what is to happen when it has ended. */
type Commit = Omit<CommitRequest, 'wake'> & { readonly done: (outcome: CommitOutcome) => void };

/**
 * One command: the shell around the pure transition function. It runs callbacks, commits each event together with what the callback staged, and only then
 * does what the new state asks for. One commit is under way at a time, and each is built from the state that the last one made durable.
 */
export function createCommand(deps: CommandDeps): (message: CommandMessage) => void {
  const { context, definition, wakeSelf } = deps;
  const { ports, journal, locks, taskManager } = context;
  const shape = shapeOf(definition.handlers);
  const callbacks = new CallbackHost(context, deps.initial.id, (resolve) => wakeSelf({ type: 'resolve', resolve }));
  const admission = new Admission(locks, (answer) => wakeSelf({ type: 'locksAnswered', answer }));
  const tasks = new Map(deps.tasks.map((task) => [task.id, task]));
  /** Null: the event does not concern the state any more. */
  const queue: (() => Commit | null)[] = [];
  let state = deps.initial;
  let openCalls = deps.openCalls;
  let committing: Commit | null = null;
  /** Numbers the callback runs; what belongs to an earlier one is void. */
  let run = 0;
  context.fences.set(state.id, state.fence);

  return (message) => {
    switch (message.type) {
      case 'begin':
        return recover(state).forEach((effect) => perform(effect, ports.now()));
      case 'locksAnswered':
        return locksAnswered(message.answer);
      case 'callbackDue':
        if (message.run === run) startRun(null);
        return;
      case 'runEnded':
        if (message.run === run) runEnded(message.result);
        return;
      case 'resolve':
        return message.resolve();
      case 'committed':
        return committed(message.outcome);
      case 'taskEnded':
        return taskEnded(message);
      case 'childEnded':
        return apply({ type: 'workEnded', id: message.childId, outcome: message.outcome });
      case 'retryDue':
        return apply({ type: 'retryDue', id: message.id });
      case 'cancel':
        return cancel(message.wake ?? ((): void => undefined));
    }
  };

  // Commits: one at a time.

  function enqueue(build: () => Commit | null): void {
    queue.push(build);
    commitNext();
  }

  function commitNext(): void {
    while (committing === null) {
      const build = queue.shift();
      if (build === undefined) return;
      // Building may enqueue, and so begin, another commit: then this one was not to be.
      const built = build();
      if (built === null) continue;
      committing = built;
      const { changes, entities, probes } = committing;
      journal.tell({ type: 'commit', request: { changes, entities, probes, wake: (outcome) => wakeSelf({ type: 'committed', outcome }) } });
    }
  }

  function committed(outcome: CommitOutcome): void {
    if (committing === null) throw new SeatbeltError('INTERNAL', `${state.id}: a commit has ended that was not asked for`);
    const { done } = committing;
    committing = null;
    done(outcome);
    commitNext();
  }

  function apply(event: FlowEvent, beside: Beside = {}, otherwise: Otherwise = {}): void {
    enqueue(() => {
      const now = ports.now();
      const step = transition(shape, state, event, { now, jitter: ports.random('backoff') });
      if (step === null) {
        otherwise.ignored?.();
        return null;
      }
      const history = beside.history ?? [];
      const after = { ...step.state, historyLength: state.historyLength + history.length };
      const calls = beside.calls === undefined ? openCalls : beside.calls(after);
      const input: BatchInput = {
        definition,
        definitions: context.definitions,
        before: state,
        event,
        step: { state: after, effects: step.effects },
        history,
        tasks,
        heldLocks: context.lockTable.heldBy(state.rootId),
        now,
      };
      return {
        changes: [...changesOf(input), ...callChange(calls)],
        entities: beside.entities ?? NOTHING_STAGED,
        probes: probesOf(input),
        done: (outcome) => {
          if (outcome.kind === 'conflict') return otherwise.conflict?.(outcome.entity);
          if (outcome.kind === 'refused') return otherwise.refused?.(outcome.error);
          state = after;
          openCalls = calls;
          context.fences.set(state.id, state.fence);
          deps.changed(state);
          step.effects.forEach((effect) => perform(effect, input.now));
          beside.then?.();
        },
      };
    });
  }

  function callChange(calls: CallRecord | null): Change[] {
    return calls === openCalls ? [] : [{ type: 'call', commandId: state.id, record: calls as unknown as Data }];
  }

  // What a durable state asks for.

  /** @param committedAt µs, the time in the records that its commit wrote: what lives on in memory must equal them */
  function perform(effect: FlowEffect, committedAt: number): void {
    switch (effect.do) {
      case 'acquireLocks':
        return admission.ask(definition, state);
      case 'runCallback': {
        run += 1;
        const due = { type: 'callbackDue', run } as const;
        const wait = effect.notBefore === null ? 0 : effect.notBefore - ports.now();
        if (wait > 0) ports.after(wait, () => wakeSelf(due));
        else startRun(null);
        return;
      }
      case 'placeTask': {
        const task = placeholder(state, effect.item, committedAt);
        tasks.set(task.id, task);
        return taskManager.tell({ type: 'place', task });
      }
      case 'consumeTask':
        tasks.delete(effect.id);
        return taskManager.tell({ type: 'clear', taskId: effect.id });
      case 'stopTask':
        return taskManager.tell({ type: 'stop', taskId: effect.id, reason: effect.reason });
      case 'cancelChild':
        return deps.cancelChild(effect.id);
      case 'startChild':
        return deps.childPlaced(childOf(context.definitions, state, effect.item, committedAt));
      case 'retryAt':
        ports.after(Math.max(0, effect.at - ports.now()), () => wakeSelf({ type: 'retryDue', id: effect.id }));
        return;
      case 'end':
        context.fences.forget(state.id);
        if (isRoot(state)) locks.tell({ type: 'release', owner: state.id });
        return;
    }
  }

  // Events from outside.

  function locksAnswered(answer: LockAnswer): void {
    switch (answer.kind) {
      case 'granted':
        apply({ type: 'locksGranted' });
        break;
      case 'refused':
      case 'timedOut':
      case 'deadlock':
        ports.probe({ type: 'lockRefused', owner: state.rootId, ...answer.conflict });
        apply({ type: 'locksRefused', error: lockError(definition, answer) });
        break;
      case 'withdrawn':
        break;
    }
    admission.answered();
  }

  /** Only the completion of a task that the command waits for, at this step and for this reason, moves it. */
  function taskEnded({ taskId, executionIndex, executionReason, outcome }: Extract<CommandMessage, { type: 'taskEnded' }>): void {
    const unwanted = (): void => {
      ports.probe({ type: 'completionIgnored', taskId, why: `the command is at step ${state.executionIndex} and does not wait for it` });
      taskManager.tell({ type: 'clear', taskId });
    };
    if (executionIndex !== state.executionIndex || executionReason !== state.executionReason) unwanted();
    else apply({ type: 'workEnded', id: taskId, outcome }, {}, { ignored: unwanted });
  }

  function cancel(answer: (answer: CancelAnswer) => void): void {
    const accepted = (): void => {
      const mayBePast = state.cancel !== null && state.phase.at !== 'held' && state.steps[state.executionIndex]?.pivot === 'maybe';
      answer({ kind: mayBePast ? 'pending' : 'accepted' });
    };
    const ignored = (): void => {
      const why = cancelRefusal(state);
      // Asked again, or asked when it had taken effect already.
      if (why === null || state.error?.code === 'CANCELLED') accepted();
      else answer({ kind: 'refused', why });
    };
    admission.giveUpAnd(() => apply({ type: 'cancel' }, { then: accepted }, { ignored }), state.id);
  }

  // Callbacks.

  /** @param rerun what an earlier run of this very attempt had recorded, if it was refused at its commit */
  function startRun(rerun: CallRecord | null): void {
    const { callback, attempt } = callbackPhase();
    const index = state.executionIndex;
    const handler = definition.handlers[index];
    if (handler === undefined) throw new SeatbeltError('INTERNAL', `${state.id}: there is no handler ${index}`);
    const open = openCalls !== null && openCalls.index === index && openCalls.callback === callback && openCalls.attempt === attempt;
    const thisRun = run;
    const turn = new OpenTurn(() => ports.callbackBegins());
    const callbackRun = new CallbackRun(handler, state, callback, attempt, context.entities, rerun ?? (open ? openCalls : null), {
      commitCalls: (record, crossing) => turn.waitFor(commitCalls(record, crossing)),
      incarnationOf: (host) => turn.waitFor(callbacks.incarnationOf(host)),
      call: (call) => turn.waitFor(callbacks.call(call, { executionIndex: index, reason: state.executionReason, attempt })),
      read: (host, verb, args) => turn.waitFor(callbacks.read(host, verb, args)),
      childParams: (type, params) => callbacks.childParams(type, params),
      runs: (name) => ports.probe({ type: 'callbackRuns', commandId: state.id, index, handler: handler.name, callback: name, attempt }),
    });
    callbackRun.run().then(
      (result) => {
        turn.end();
        wakeSelf({ type: 'runEnded', run: thisRun, result });
      },
      (error: unknown) => ports.fault(error),
    );
  }

  function runEnded(result: RunResult): void {
    const { callback, attempt } = callbackPhase();
    switch (result.kind) {
      case 'returned': {
        const history = returnedEntries(state, callback, attempt, result.event, ports.now());
        const conflict = (entity: string): void => {
          ports.probe({ type: 'conflict', commandId: state.id, entity });
          startRun(result.record);
        };
        const calls = (after: CommandState): CallRecord | null => (callback === 'hasPassed' ? callsAfterAnswer(openCalls, after) : null);
        const refused = (error: ErrorRecord): void => threw(LAST_CALLBACK[callback], error, result.record);
        const ignored = (): void => {
          if (refusesCommit(state)) threw(LAST_CALLBACK[callback], CANCELLED, result.record);
        };
        return apply(result.event, { entities: result.entities, history, calls }, { conflict, refused, ignored });
      }
      case 'threw':
        return threw(result.callback, result.error, result.record);
      case 'nondeterministic':
        return apply({ type: 'parked', error: result.error });
    }
  }

  function threw(name: CallbackName, error: ErrorRecord, record: CallRecord): void {
    const { callback, attempt } = callbackPhase();
    const history = [historyEntry(state, name, attempt, error.code, ports.now())];
    const event = { type: 'threw', callback, run: { index: state.executionIndex, attempt }, error, sent: hasSent(record) } as const;
    // What hasPassed throws has no calls; those of the part that it is asked about stay.
    const calls = (after: CommandState): CallRecord | null => (callback === 'hasPassed' ? openCalls : callsAfter(record, after));
    apply(event, { history, calls });
  }

  function callbackPhase(): Extract<CommandState['phase'], { at: 'callback' }> {
    if (state.phase.at !== 'callback') throw new SeatbeltError('INTERNAL', `${state.id}: no callback is due in phase ${state.phase.at}`);
    return state.phase;
  }

  /** Resolves once the calls are on disk, and with them that the point of no return may be crossed. */
  function commitCalls(record: CallRecord, crossing: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (crossing && stepAt(state).pivot === 'none') {
        apply({ type: 'crossing' }, { calls: () => record, then: resolve });
        return;
      }
      enqueue(() => ({
        changes: [{ type: 'call', commandId: state.id, record: record as unknown as Data }],
        entities: NOTHING_STAGED,
        probes: [],
        done: () => {
          openCalls = record;
          resolve();
        },
      }));
    });
  }
}
