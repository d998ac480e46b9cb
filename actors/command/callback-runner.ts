import type { ErasedHandler } from '../../src/model/handler.js';
import { SeatbeltError, type ErrorRecord } from '../../src/model/errors.js';
import { cleanUpRefusal } from '../../src/flow/before-retry.js';
import type { FlowEvent } from '../../src/flow/event.js';
import type { CommandState } from '../../src/flow/state.js';
import { numberAt } from '../../src/flow/step.js';
import { stopError } from '../../src/flow/stop-error.js';
import { refusesCommit } from '../../src/flow/stopping.js';
import type { EngineContext } from '../engine-context.js';
import type { CommandMessage } from '../messages.js';
import type { CallbackName } from '../probe.js';
import { CallbackHost } from './callback-host.js';
import { hasSent, type CallRecord } from '../../src/store/call-record.js';
import { CallbackRun, type RunResult } from './callback-run.js';
import { recordSlot, withSlot, type CallSlot, type SlotChange } from './call-slot.js';
import { withCalls } from './called.js';
import type { DurableCommand } from './durable-command.js';
import { LAST_CALLBACK, returnedEntries, thrownEntry, type RunOf } from './history.js';
import { callsAfter, callsAfterAnswer, isUndo } from './kept-calls.js';
import { OpenTurn } from './open-turn.js';
import { unsettledCalls } from './unsettled.js';

/** A callback that is due, or will be. */
export type Asked = RunOf & {
  /** µs; null: now. */
  readonly notBefore: number | null;
};

/** Runs the callbacks of one slot of a command, one after the other, and commits how each ended. */
export class CallbackRunner {
  readonly #host: CallbackHost;
  /** Numbers the runs; what belongs to an earlier one is void. */
  #run = 0;
  #asked: Asked | null = null;

  constructor(
    private readonly context: EngineContext,
    private readonly handlers: readonly ErasedHandler[],
    private readonly command: DurableCommand,
    private readonly slot: CallSlot,
    private readonly wakeSelf: (message: CommandMessage) => void,
    /** The durable states of the commands that started this one. */
    private readonly ancestors: () => readonly CommandState[],
    /** Calls back when no call of the command that a run has left behind can take effect any more. */
    private readonly settle: (then: () => void) => void,
  ) {
    this.#host = new CallbackHost(context, command.state.id, (resolve) => wakeSelf({ type: 'resolve', resolve }));
  }

  /** Runs it when it is due; what was asked for before is void. */
  schedule(asked: Asked): void {
    this.#run += 1;
    this.#asked = asked;
    const { ports } = this.context;
    const due = { type: 'callbackDue', slot: this.slot, run: this.#run } as const;
    const wait = asked.notBefore === null ? 0 : asked.notBefore - ports.now();
    if (wait > 0) ports.after(wait, () => this.wakeSelf(due));
    else this.#settleOrStart();
  }

  /** The command has gone on: what waits for its time, or is under way, is void. */
  forgo(): void {
    this.#run += 1;
  }

  due(run: number): void {
    if (run === this.#run) this.#settleOrStart();
  }

  ended(run: number, result: RunResult): void {
    if (run !== this.#run) return;
    switch (result.kind) {
      case 'returned':
        return this.#returned(result);
      case 'threw':
        return this.#threw(result.callback, result.error, result.record);
      case 'nondeterministic':
        return this.command.apply({ type: 'parked', error: result.error });
    }
  }

  /** What undoes must not overtake what it undoes, nor the question whether something has crossed what may still cross: either may do without that call's host. */
  #settleOrStart(): void {
    if (!this.#mayOvertake()) return this.#start(null);
    const run = this.#run;
    this.settle(() => {
      if (run === this.#run) this.#start(null);
    });
  }

  #mayOvertake(): boolean {
    const { callback } = this.#current();
    const { state, openCalls } = this.command;
    if (callback === 'hasPassed') return unsettledCalls(state, openCalls).length > 0;
    // Its own calls are in line behind each other at their host.
    return isUndo(callback) && unsettledCalls(state, withSlot(openCalls, { slot: this.#recordSlot(), record: null })).length > 0;
  }

  /** @param rerun what an earlier run of this very attempt had recorded, if it was refused at its commit */
  #start(rerun: CallRecord | null): void {
    const asked = this.#current();
    const { index, attempt, task } = asked;
    const { ports, entities } = this.context;
    const { state } = this.command;
    const handler = this.handlers[index];
    if (handler === undefined) throw new SeatbeltError('INTERNAL', `${state.id}: there is no handler ${index}`);
    const run = this.#run;
    const isVoid = (): boolean => run !== this.#run;
    const turn = new OpenTurn(() => ports.callbackBegins());
    const callbackRun = new CallbackRun(handler, state, runOf(asked), entities, rerun ?? this.#recorded(), {
      commitCalls: (record, crossing) => turn.waitFor(this.command.recordCalls({ slot: this.#recordSlot(), record }, crossing, isVoid)),
      incarnationOf: (host) => turn.waitFor(this.#host.incarnationOf(host)),
      call: (call) => turn.waitFor(isVoid() ? never() : this.#host.call(call, { executionIndex: index, ...numberAt(state, index), reason: state.executionReason, attempt }, isVoid)),
      read: (host, verb, args) => turn.waitFor(this.#host.read(host, verb, args, isVoid)),
      admitTask: (request) => this.#host.admitTask(request),
      admitChild: (type, params) => this.#host.admitChild(type, params, [state, ...this.ancestors()]),
      runs: (name) => ports.probe({ type: 'callbackRuns', commandId: state.id, index, handler: handler.name, callback: name, attempt, ...(task === undefined ? {} : { task }) }),
    });
    callbackRun.run().then(
      (result) => {
        turn.end();
        this.wakeSelf({ type: 'runEnded', slot: this.slot, run, result });
      },
      (error: unknown) => ports.fault(error),
    );
  }

  /** What an earlier run of this very attempt had recorded before the engine crashed. */
  #recorded(): CallRecord | null {
    const { callback, index, attempt, task } = this.#current();
    const open = this.command.openCalls.get(this.#recordSlot());
    return open?.index === index && open.callback === callback && open.attempt === attempt && open.task === task ? open : null;
  }

  #returned({ event, entities, record }: Extract<RunResult, { kind: 'returned' }>): void {
    const { callback } = this.#current();
    const { ports } = this.context;
    const { state, openCalls } = this.command;
    const history = returnedEntries(state, runOf(this.#current()), event, ports.now());
    const kept = callback === 'hasPassed' ? (after: CommandState) => callsAfterAnswer(openCalls.get(this.slot) ?? null, after) : () => null;
    const conflict = (entity: string): void => {
      ports.probe({ type: 'conflict', commandId: state.id, entity });
      this.#start(record);
    };
    const refused = (error: ErrorRecord): void => this.#threw(LAST_CALLBACK[callback], error, record);
    const ignored = (): void => {
      const error = this.#refusal();
      if (error !== null) this.#threw(LAST_CALLBACK[callback], error, record);
    };
    this.command.apply(withCalls(event, record), { entities, history, ...this.#calls(kept, record) }, { conflict, refused, ignored });
  }

  #threw(name: CallbackName, error: ErrorRecord, record: CallRecord): void {
    const run = runOf(this.#current());
    const { callback } = run;
    const { state, openCalls } = this.command;
    const history = [thrownEntry(state, name, run, error, this.context.ports.now())];
    // What hasPassed throws has no calls; those of the part that it is asked about stay.
    const kept = (after: CommandState): CallRecord | null => (callback === 'hasPassed' ? (openCalls.get(this.slot) ?? null) : callsAfter(record, after));
    this.command.apply(withCalls(threwEvent(run, error, hasSent(record)), record), { history, ...this.#calls(kept, record) });
  }

  /** Why what it returned is not to be committed, though the run is not over. */
  #refusal(): ErrorRecord | null {
    const { index, attempt, task } = this.#current();
    const { state, shape } = this.command;
    if (task !== undefined) return cleanUpRefusal(shape, state, { index, attempt, task });
    return refusesCommit(state) ? stopError(shape, state) : null;
  }

  /** @param ran what the run has recorded */
  #calls(kept: (after: CommandState) => CallRecord | null, ran: CallRecord): { calls: (after: CommandState) => SlotChange; ran?: SlotChange } {
    const slot = this.#recordSlot();
    const calls = (after: CommandState): SlotChange => ({ slot, record: kept(after) });
    // What hasPassed is asked about has another run's calls there.
    return this.#current().callback === 'hasPassed' ? { calls } : { calls, ran: { slot, record: ran } };
  }

  #recordSlot(): CallSlot {
    return recordSlot(this.slot, this.command.state, this.#current());
  }

  #current(): Asked {
    if (this.#asked === null) throw new SeatbeltError('INTERNAL', `${this.command.state.id}: no callback was asked for`);
    return this.#asked;
  }
}

function runOf({ callback, index, attempt, task }: Asked): RunOf {
  return { callback, index, attempt, ...(task === undefined ? {} : { task }) };
}

function threwEvent({ callback, index, attempt, task = '' }: RunOf, error: ErrorRecord, sent: boolean): FlowEvent {
  switch (callback) {
    case 'beforeRetry':
      return { type: 'beforeRetryThrew', run: { index, attempt, task }, error, sent };
    case 'probe':
      return { type: 'probeThrew', run: { index, attempt, task }, error };
    default:
      return { type: 'threw', callback, run: { index, attempt }, error, sent };
  }
}

/** For what nobody waits for any more: it must not leave. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
