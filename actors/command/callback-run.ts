import { atOnce } from '../../src/model/at-once.js';
import { frozen, frozenData } from '../../src/model/data.js';
import { recordOf, SeatbeltError, type ErrorRecord } from '../../src/model/errors.js';
import type { CallOptions, ChildRequest, ErasedHandler } from '../../src/model/handler.js';
import type { TaskRequest } from '../../src/model/task.js';
import type { FlowEvent, StagedWork } from '../../src/flow/event.js';
import { callKey, childId, cleanUpCallKey, derivedId, taskId } from '../../src/flow/ids.js';
import { beingProbed } from '../../src/flow/probing.js';
import { stepAt, stepNumber } from '../../src/flow/step.js';
import type { ChildItem, CommandState, TaskItem } from '../../src/flow/state.js';
import { hasSent, type CallRecord, type RecordedCall } from '../../src/store/call-record.js';
import type { EntityReader } from '../../src/store/entity-table.js';
import { StagedView, type StagedEntities } from '../../src/store/staged-view.js';
import type { Answer } from '../exchange.js';
import type { CallbackName } from '../probe.js';
import { checkedChild, checkedEffects, listOf } from './checked.js';
import type { RunOf } from './history.js';
import { failedTask, failureOf, reports, revertReport } from './reports.js';
import { RunCalls } from './run-calls.js';
import type { Args } from '../wire.js';

/** What a run needs of its command actor. Each promise is resolved within one of the actor's turns; a dead incarnation's never is. */
export interface RunHost {
  /** Commits the record, and with it that the point of no return may be crossed from now on. */
  commitCalls(record: CallRecord, crossing: boolean): Promise<void>;
  /** The incarnation of a host; asks it if it has not been heard of yet. Null: no answer. */
  incarnationOf(host: string): Promise<number | null>;
  call(call: RecordedCall): Promise<Answer>;
  read(host: string, verb: string, args: Args): Promise<Answer>;
  /** A task that a callback asks for, checked. @throws SeatbeltError `BAD_TASK`, `NOT_PLAIN_DATA` */
  admitTask(request: TaskRequest): TaskRequest;
  /** The params of a child command, checked, and what it locks. @throws SeatbeltError `UNKNOWN_COMMAND_TYPE`, `BAD_PARAMS`, `BAD_DEFINITION`, `CHILD_CYCLE` */
  admitChild(type: string, params: unknown): Pick<ChildItem, 'params' | 'locks'>;
  /** A callback's function is about to run. */
  runs(callback: CallbackName): void;
}

export type RunResult =
  | { readonly kind: 'returned'; readonly event: FlowEvent; readonly entities: StagedEntities; readonly record: CallRecord }
  | { readonly kind: 'threw'; readonly callback: CallbackName; readonly error: ErrorRecord; readonly record: CallRecord }
  /** The callback did something else than its recorded run: it cannot be trusted to go on. */
  | { readonly kind: 'nondeterministic'; readonly error: ErrorRecord };

/** One run of one callback on a staged view. */
export class CallbackRun {
  readonly #view: StagedView;
  readonly #work: StagedWork[] = [];
  readonly #calls: RunCalls;
  readonly #underWay = new Set<Promise<unknown>>();
  #over = false;
  #running: CallbackName;

  constructor(
    private readonly handler: ErasedHandler,
    private readonly state: CommandState,
    private readonly runOf: RunOf,
    entities: EntityReader,
    recorded: CallRecord | null,
    private readonly host: RunHost,
  ) {
    this.#view = new StagedView(entities, recorded?.reads);
    this.#calls = new RunCalls({
      recorded,
      caller: () => `${handler.name}.${this.#running} of ${state.id}`,
      assertOpen: (what) => this.#assertOpen(what),
      readsSoFar: () => this.#view.readsSoFar(),
      keyOf: (ordinal) => this.#key(ordinal),
      commit: () => host.commitCalls(this.#record(), this.#crosses()),
      incarnationOf: (of) => host.incarnationOf(of),
      call: (call) => host.call(call),
      read: (of, verb, args) => host.read(of, verb, args),
    });
    this.#running = runOf.callback === 'start' ? 'beforeTask' : runOf.callback;
  }

  /** What a repeated run of the same attempt has to be given. */
  #record(): CallRecord {
    return { commandId: this.state.id, ...this.runOf, ...this.#calls.record() };
  }

  async run(): Promise<RunResult> {
    const invoked = await this.#invoke().then(
      (event) => ({ event }),
      (thrown: unknown) => ({ thrown }),
    );
    // What it has thrown gives up whatever has not left yet. If it returned, calls that it did not wait for are part of it all the same.
    this.#over = 'thrown' in invoked;
    await this.#allOver();
    this.#over = true;
    const { deviation } = this.#calls;
    if (deviation !== null) return { kind: 'nondeterministic', error: deviation };
    if ('event' in invoked) return { kind: 'returned', event: invoked.event, entities: this.#view.staged(), record: this.#record() };
    return { kind: 'threw', callback: this.#running, error: recordOf(invoked.thrown), record: this.#record() };
  }

  /** Nothing of a callback may still be under way when what follows it begins. */
  async #allOver(): Promise<void> {
    while (this.#underWay.size > 0) {
      const asked = [...this.#underWay];
      await Promise.allSettled(asked);
      for (const one of asked) this.#underWay.delete(one);
    }
  }

  async #invoke(): Promise<FlowEvent> {
    const { handler } = this;
    const step = stepAt(this.state);
    const before = step.before;
    switch (this.runOf.callback) {
      case 'start': {
        this.#enter('beforeTask');
        const returned = await handler.beforeTask?.({
          ...this.#context(),
          startTask: (request) => this.#startTask(request),
          startChild: (request) => this.#startChild(request),
        });
        const kept = returned === undefined ? {} : { before: frozenData(returned, `${handler.name}.beforeTask()`) };
        this.#enter('createTask');
        for (const request of listOf(await handler.createTask?.({ ...this.#context(), before: kept.before, work: [] }))) this.#startTask(request);
        return { type: 'started', run: this.#ref(), ...kept, work: this.#work };
      }
      case 'createTask': {
        this.#enter('createTask');
        const remaining = await handler.createTask?.({ ...this.#context(), before, work: frozen(reports(step.work)) });
        return { type: 'recreated', run: this.#ref(), work: listOf(remaining).map((request) => this.host.admitTask(request)) };
      }
      case 'beforeRetry': {
        this.#enter('beforeRetry');
        const item = this.#retried();
        const cleanUp = await handler.beforeRetry?.({ ...this.#context(), before, failed: frozen(failedTask(item)) });
        return { type: 'prepared', run: { ...this.#ref(), task: item.id }, work: listOf(cleanUp).map((request) => this.host.admitTask(request)), sent: hasSent(this.#record()) };
      }
      case 'probe': {
        this.#enter('probe');
        const { id: task, verb, args, entity } = this.#probed();
        const answer = handler.probe === undefined ? 'cannotTell' : await handler.probe({ ...this.#asking(), before, task: frozen({ verb, args, entity }) });
        if (answer !== 'done' && answer !== 'notDone' && answer !== 'cannotTell') {
          throw new SeatbeltError('BAD_DEFINITION', `${handler.name}.probe() answered ${JSON.stringify(answer)}`);
        }
        return { type: 'probed', run: { ...this.#ref(), task }, answer };
      }
      case 'endSuccessfully': {
        this.#enter('endSuccessfully');
        const output = await handler.endSuccessfully?.({ ...this.#context(), before, work: frozen(reports(step.work)) });
        return { type: 'endedSuccessfully', run: this.#ref(), ...(output === undefined ? {} : { output: frozenData(output, `${handler.name}.endSuccessfully()`) }) };
      }
      case 'endWithFailure': {
        this.#enter('endWithFailure');
        const revert = await handler.endWithFailure?.({ ...this.#context(), before, failure: frozen(failureOf(this.state, step)) });
        return { type: 'endedWithFailure', run: this.#ref(), revert: listOf(revert).map((request) => this.host.admitTask(request)) };
      }
      case 'compensate': {
        this.#enter('compensate');
        const context = { ...this.#context(), before, output: step.output };
        const revert = listOf(await handler.compensate?.(context)).map((request) => this.host.admitTask(request));
        return { type: 'compensated', run: this.#ref(), revert, residue: checkedEffects(atOnce(handler.leaves?.(context) ?? [])) };
      }
      case 'compensationEnded': {
        this.#enter('compensationEnded');
        await handler.compensationEnded?.({ ...this.#context(), before, output: step.output, revert: frozen(revertReport(step)) });
        return { type: 'compensationEnded', run: this.#ref() };
      }
      case 'hasPassed': {
        this.#enter('hasPassed');
        const answer = await handler.pointOfNoReturn?.hasPassed(this.#asking());
        if (answer !== 'passed' && answer !== 'notPassed' && answer !== 'cannotTell') {
          throw new SeatbeltError('BAD_DEFINITION', `${handler.name}.hasPassed() answered ${JSON.stringify(answer)}`);
        }
        return { type: 'answered', run: this.#ref(), answer };
      }
    }
  }

  #ref() {
    const { index, attempt } = this.runOf;
    return { index, attempt };
  }

  /** The task that `beforeRetry` is run for. */
  #retried(): TaskItem {
    const item = stepAt(this.state).work.find(({ id }) => id === this.runOf.task);
    if (item?.kind !== 'task') throw new SeatbeltError('INTERNAL', `${this.state.id}: there is no task ${this.runOf.task ?? ''} to be tried again`);
    return item;
  }

  #probed(): TaskItem {
    const item = beingProbed(this.state).find(({ id }) => id === this.runOf.task);
    if (item === undefined) throw new SeatbeltError('INTERNAL', `${this.state.id}: nobody asks what became of task ${this.runOf.task ?? ''}`);
    return item;
  }

  #enter(callback: CallbackName): void {
    this.#running = callback;
    this.host.runs(callback);
  }

  #context() {
    const { state } = this;
    const index = state.executionIndex;
    return {
      commandId: state.id,
      params: state.params,
      outputs: Object.fromEntries(state.steps.slice(0, index).map((step) => [step.handler, step.output])),
      executionIndex: index,
      attempt: this.runOf.attempt,
      passed: stepAt(state).pivot === 'passed',
      entities: this.#view,
      newId: (name: string) => derivedId(state.id, stepNumber(state, index), name),
      call: (host: string, verb: string, args: Args, options: CallOptions = {}) => this.#track(this.#calls.call(host, verb, args, options)),
      read: (host: string, verb: string, args: Args) => this.#track(this.#calls.read(host, verb, args)),
    };
  }

  /** Without calls; and the record is of the callback that it is asked about, so what it reads is not kept. */
  #asking() {
    const { call: _call, ...context } = this.#context();
    return { ...context, read: (host: string, verb: string, args: Args) => this.#track(this.#calls.readOnly(host, verb, args)) };
  }

  #startTask(request: TaskRequest): string {
    this.#assertOpen('startTask');
    const made = taskId(this.state, stepNumber(this.state), 'step', this.runOf.attempt, 1, this.#work.length);
    this.#work.push({ kind: 'task', request: this.host.admitTask(request) });
    return made;
  }

  #startChild(request: ChildRequest): string {
    this.#assertOpen('startChild');
    const { type, params, independent = false } = checkedChild(request);
    const made = childId(this.state, stepNumber(this.state), this.runOf.attempt, this.#work.length);
    this.#work.push({ kind: 'child', type, ...this.host.admitChild(type, params), independent });
    return made;
  }

  #track<T>(asked: Promise<T>): Promise<T> {
    this.#underWay.add(asked);
    // One that the callback does not wait for may fail before anybody else looks at it.
    asked.catch(() => undefined);
    return asked;
  }

  /** Whether what it calls may cross the point of no return. */
  #crosses(): boolean {
    const part = this.handler.pointOfNoReturn?.part;
    return (part === 'beforeTask' && this.#running === 'beforeTask') || (part === 'endSuccessfully' && this.#running === 'endSuccessfully');
  }

  #key(ordinal: number): string {
    const { callback, attempt, task = '' } = this.runOf;
    const number = stepNumber(this.state);
    return callback === 'beforeRetry' ? cleanUpCallKey(this.state, number, task, attempt, ordinal) : callKey(this.state, number, callback, attempt, ordinal);
  }

  #assertOpen(what: string): void {
    if (this.#over) throw new SeatbeltError('INTERNAL', `${what} was used after ${this.handler.name}.${this.runOf.callback} had ended`);
  }
}
