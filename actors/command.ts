import type { ErrorRecord } from '../src/model/errors.js';
import type { ErasedHandler } from '../src/model/handler.js';
import type { OperatorRequest } from '../src/model/operator.js';
import type { FlowEffect, FlowEvent } from '../src/flow/event.js';
import { cancelRefusal, cancelRefusalAbove } from '../src/flow/cancel.js';
import { isOfOlderStore } from '../src/flow/older-store.js';
import { isAskedAbout } from '../src/flow/probing.js';
import { isStillSettled } from '../src/flow/settled.js';
import { isTerminal, type CommandState, type SettledAt } from '../src/flow/state.js';
import { recover } from '../src/flow/transition.js';
import { Admission, lockError } from './command/admission.js';
import { childOf, isRoot, placeholder } from './command/batch.js';
import { calledWhereHeld } from './command/called.js';
import { CallbackHost } from './command/callback-host.js';
import { CallbackRunner } from './command/callback-runner.js';
import { CleanUpRunners } from './command/clean-up-runners.js';
import { DurableCommand, type InitialCommand } from './command/durable-command.js';
import type { CallSlot } from './command/call-slot.js';
import type { Family } from './command/family.js';
import { isOperable, leavesBehind, operateAnswer } from './command/operation.js';
import { Settling } from './command/settling.js';
import { ProbeRunners } from './command/probe-runners.js';
import { StepTimer } from './command/step-timer.js';
import { mayStillRun, unsettledCalls } from './command/unsettled.js';
import type { EngineContext } from './engine-context.js';
import type { CancelAnswer, CommandMessage, LockAnswer, OperateAnswer } from './messages.js';

export interface CommandDeps {
  readonly context: EngineContext;
  readonly handlers: readonly ErasedHandler[];
  /** Why this program cannot continue it, or null. Then it is held, if it is not already. */
  readonly unfit: ErrorRecord | null;
  readonly initial: InitialCommand;
  readonly wakeSelf: (message: CommandMessage) => void;
  /** Its durable state has changed. */
  readonly changed: (state: CommandState, before: CommandState) => void;
  readonly family: Family;
}

/**
 * One command: the shell around the pure transition function. It runs callbacks, commits each event together with what the callback staged, and only then
 * does what the new state asks for.
 */
export function createCommand(deps: CommandDeps): (message: CommandMessage) => void {
  const { context, handlers, unfit, wakeSelf, family } = deps;
  const { ports, locks, taskManager } = context;
  const command = new DurableCommand(context, handlers, deps.initial, (outcome) => wakeSelf({ type: 'committed', outcome }), { changed, perform, settle }, family);
  const runnerFor = (slot: CallSlot): CallbackRunner => new CallbackRunner(context, handlers, command, slot, wakeSelf, () => family.ancestors(), settleForUndo);
  const callbacks = runnerFor('callback');
  const cleanUps = new CleanUpRunners(runnerFor);
  const probes = new ProbeRunners(runnerFor);
  const settling = new Settling(ports, command, new CallbackHost(context, command.state.id, (resolve) => wakeSelf({ type: 'resolve', resolve })));
  const limit = new StepTimer(ports, command.shape, wakeSelf);
  const admission = new Admission(locks, (answer) => wakeSelf({ type: 'locksAnswered', answer }));

  return (message) => {
    switch (message.type) {
      case 'begin':
        return begin();
      case 'locksAnswered':
        return locksAnswered(message.answer);
      case 'callbackDue':
        return runnerOf(message.slot)?.due(message.run);
      case 'runEnded':
        return runnerOf(message.slot)?.ended(message.run, message.result);
      case 'resolve':
        return message.resolve();
      case 'committed':
        return command.committed(message.outcome);
      case 'taskEnded':
        return taskEnded(message);
      case 'taskUnresolved':
        return taskUnresolved(message);
      case 'taskOverdue':
        return command.apply({ type: 'taskOverdue', id: message.taskId });
      case 'childReported':
        // A parent that only its child holds goes on by itself when that does; but not in a program that cannot continue it.
        if (unfit !== null && command.state.heldBy?.code === 'CHILD_HELD') return;
        return command.apply({ type: 'childReported', id: message.childId, report: message.report });
      case 'rollBack':
        if (unfit !== null) return park(unfit);
        return command.apply({ type: 'rollBack', error: message.error });
      case 'retryDue':
        return command.apply({ type: 'retryDue', id: message.id });
      case 'stepTimedOut':
        return command.apply({ type: 'stepTimedOut', index: message.index });
      case 'cancel':
        return cancel(message.wake);
      case 'operate':
        return operate(message.request, message.wake);
    }
  };

  function runnerOf(slot: CallSlot): CallbackRunner | undefined {
    return slot === 'callback' ? callbacks : (cleanUps.in(slot) ?? probes.in(slot));
  }

  function begin(): void {
    limit.follow(command.state);
    const { at } = command.state.phase;
    // What is completed has nothing to continue, unless it comes to be rolled back.
    if (unfit !== null && at !== 'held' && at !== 'completed') return park(unfit);
    owed();
    // It was parked by another program; what parked it for good, the transition knows.
    if (unfit === null && command.state.status === 'PARKED') command.apply({ type: 'unparked' });
  }

  function owed(): void {
    recover(command.state).forEach((effect) => perform(effect, ports.now()));
  }

  function park(error: ErrorRecord): void {
    command.apply({ type: 'parked', error }, { then: owed });
  }

  // What a durable state asks for.

  function changed(state: CommandState, before: CommandState): void {
    // A wait for a further attempt may end with a cancel: then that attempt is not to be, though its time may have come.
    if (state.phase !== before.phase) callbacks.forgo();
    cleanUps.follow(state);
    probes.follow(state);
    limit.follow(state);
    if (isOfOlderStore(before) && !isOfOlderStore(state) && !isTerminal(state.status)) taskManager.tell({ type: 'release', commandId: state.id });
    deps.changed(state, before);
  }

  /** @param committedAt µs, the time in the records that its commit wrote: what lives on in memory must equal them */
  function perform(effect: FlowEffect, committedAt: number): void {
    const { state } = command;
    switch (effect.do) {
      case 'acquireLocks':
        return admission.ask(state);
      case 'runCallback':
        return callbacks.schedule(effect);
      case 'runBeforeRetry':
        return cleanUps.schedule(state.executionIndex, effect.item);
      case 'runProbe':
        return probes.schedule(state.executionIndex, effect.item);
      case 'placeTask': {
        const task = placeholder(state, effect.item, committedAt);
        command.tasks.set(task.id, task);
        return taskManager.tell({ type: 'place', task });
      }
      case 'consumeTask':
        command.tasks.delete(effect.id);
        return taskManager.tell({ type: 'clear', taskId: effect.id });
      case 'stopTask':
        return taskManager.tell({ type: 'stop', taskId: effect.id, reason: effect.reason });
      case 'cancelChild':
        return family.cancelChild(effect.id);
      case 'rollBackChild':
        return rollBackChild(effect);
      case 'startChild':
        return family.childPlaced(childOf(context.definitions, state, effect.item, committedAt));
      case 'retryAt':
        ports.after(Math.max(0, effect.at - ports.now()), () => wakeSelf({ type: 'retryDue', id: effect.id }));
        return;
      case 'end':
        context.fences.forget(state.id);
        if (isRoot(state)) locks.tell({ type: 'release', owner: state.id });
        return;
    }
  }

  /** As undo work is, it is patient. */
  function settle(then: (at: SettledAt) => void, isTold = false): void {
    settling.ask(({ at, open }) => {
      if (open === null) return then(at);
      if (!isTold) ports.probe({ type: 'callAwaited', commandId: command.state.id, host: open.host, verb: open.verb });
      ports.after(context.settings.resubmitMs * 1000, () => wakeSelf({ type: 'resolve', resolve: () => settle(then, true) }));
    });
  }

  function settleForUndo(then: () => void): void {
    settle((settled) => command.apply({ type: 'callsSettled', settled }, { then }, { ignored: () => settleForUndo(then) }));
  }

  /** A child's undo must not overtake what was called on top of it. */
  function rollBackChild({ id, error }: Extract<FlowEffect, { do: 'rollBackChild' }>): void {
    if (unsettledCalls(command.state, command.openCalls).length === 0) family.rollBackChild(id, error);
    else settleForUndo(() => family.rollBackChild(id, error));
  }

  // Events from outside.

  function locksAnswered(answer: LockAnswer): void {
    switch (answer.kind) {
      case 'granted':
        command.apply({ type: 'locksGranted' });
        break;
      case 'refused':
      case 'timedOut':
      case 'deadlock':
        ports.probe({ type: 'lockRefused', owner: command.state.rootId, ...answer.conflict });
        command.apply({ type: 'locksRefused', error: lockError(command.state.lockWait, answer) });
        break;
      case 'withdrawn':
        break;
    }
    admission.answered();
  }

  /** Only the completion of a task that the command waits for, at this step and for this reason, moves it. */
  function taskEnded({ taskId, executionIndex, executionReason, hostTaskId, outcome }: Extract<CommandMessage, { type: 'taskEnded' }>): void {
    if (hostTaskId !== undefined) command.isKnownAs(taskId, hostTaskId);
    if (executionIndex !== command.state.executionIndex || executionReason !== command.state.executionReason) unwanted(taskId);
    else command.apply({ type: 'workEnded', id: taskId, outcome }, {}, { ignored: () => unwanted(taskId) });
  }

  /** Its handler may have been asked before the engine crashed: then the answer is on its way. */
  function taskUnresolved({ taskId, executionIndex, executionReason, why }: Extract<CommandMessage, { type: 'taskUnresolved' }>): void {
    const ignored = (): void => {
      if (!isAskedAbout(command.state, taskId)) unwanted(taskId);
    };
    if (executionIndex !== command.state.executionIndex || executionReason !== command.state.executionReason) unwanted(taskId);
    else command.apply({ type: 'workUnresolved', id: taskId, of: why }, {}, { ignored });
  }

  function unwanted(taskId: string): void {
    ports.probe({ type: 'completionIgnored', taskId, why: `the command is at step ${command.state.executionIndex} and does not wait for it` });
    taskManager.tell({ type: 'clear', taskId });
  }

  /** @param wake null: its parent passes on a wish that is decided */
  function cancel(wake: ((answer: CancelAnswer) => void) | null): void {
    const answer = wake ?? ((): void => undefined);
    const above = wake === null ? null : cancelRefusalAbove(command.state, family.ancestors());
    if (above !== null) return answer({ kind: 'refused', why: above });
    const accepted = (): void => {
      const { state } = command;
      const mayBePast = state.cancel !== null && state.phase.at !== 'held' && state.steps[state.executionIndex]?.pivot === 'maybe';
      answer({ kind: mayBePast ? 'pending' : 'accepted' });
    };
    const ignored = (): void => {
      const { state } = command;
      const why = cancelRefusal(state);
      // Asked again, or asked when it had taken effect already.
      if (why === null || state.error?.code === 'CANCELLED') accepted();
      else answer({ kind: 'refused', why });
    };
    admission.giveUpAnd(() => command.apply({ type: 'cancel' }, { then: accepted }, { ignored }), command.state.id);
  }

  /** @param settled that calls which nobody has answered are over, if that was asked */
  function operate(request: OperatorRequest, answer: (answer: OperateAnswer) => void, settled: SettledAt | null = null): void {
    const why = unfit?.message ?? null;
    const ignored = (): void => {
      // It may have gone on, and be held again, since its hosts were asked.
      if (settled !== null && !isStillSettled(command.state, settled)) operate(request, answer);
      else answer(operateAnswer(command.state, request, why));
    };
    const decide = (): FlowEvent | null => {
      const { state, openCalls } = command;
      if (settled === null && leavesBehind(request) && isOperable(state, request, why) && unsettledCalls(state, openCalls).length > 0) {
        settling.ask(({ at, open }) => {
          if (open === null) operate(request, answer, at);
          else answer({ kind: 'refused', why: `${mayStillRun(open)}: its host has not said otherwise within ${context.settings.callTimeoutMs} ms; ask again` });
        });
        return null;
      }
      return { type: 'operate', request, unfit: why, called: calledWhereHeld(state, openCalls), settled };
    };
    command.applyAtTurn(decide, { then: () => answer({ kind: 'done', state: command.state }) }, { ignored });
  }
}
