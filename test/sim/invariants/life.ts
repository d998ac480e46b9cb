import { changesOf, endsItsFamily } from '../../../actors/command/batch.js';
import { returnedEntries, thrownEntry } from '../../../actors/command/history.js';
import type { CallbackName } from '../../../actors/probe.js';
import { completedFamily } from '../../../sim/invariants/family.js';
import type { FlowEvent, StagedWork } from '../../../src/flow/event.js';
import { shapeOf } from '../../../src/flow/shape.js';
import { submitted, type Callback, type CommandState, type HistoryEntry, type WorkItem } from '../../../src/flow/state.js';
import { transition } from '../../../src/flow/transition.js';
import { handlersOf, type CommandDefinition } from '../../../src/model/command.js';
import type { ErrorRecord } from '../../../src/model/errors.js';
import type { Outcome } from '../../../src/model/outcome.js';
import type { SpmAsyncTask } from '../../../src/model/task.js';
import type { Change } from '../../../src/store/change.js';
import { doneKey, endedKey, historyKey } from '../../../src/store/keys.js';
import type { StoredCommand } from '../../../src/store/records.js';
import { POOL, type Watched } from './watched.js';

export const ERROR: ErrorRecord = { code: 'CALLBACK_THREW', message: 'it threw', retryable: false, causes: [] };

/** A task that makes a volume `leaf` of disk d1. */
export const LEAF: StagedWork = {
  kind: 'task',
  request: { verb: 'createVolume', args: { domain: 'hdd', disk: 'd1', volume: 'leaf', parent: 'd1-base', format: 'cow', sizeBytes: 1 }, pool: POOL },
};

/** A dependent child. */
export const CHILD: StagedWork = { kind: 'child', type: 'Child', params: {}, locks: [], independent: false };

/** µs, and more than any policy here has. */
const LONGEST_BACK_OFF = 600_000_000;

type Entry = Pick<HistoryEntry, 'index' | 'callback'> & Partial<HistoryEntry>;

/**
 * One command in a watched run, which lives by the engine's own rules ({@link returns}, {@link throws}, {@link ends} …), or by whatever a test makes up
 * ({@link forge}).
 */
export class Life {
  state: CommandState;
  readonly #tasks = new Map<string, SpmAsyncTask>();

  constructor(
    readonly run: Watched,
    readonly definition: CommandDefinition,
    id = 'c1',
  ) {
    const begun = run.monitor.store.commands.get(id);
    // Its parent has started it.
    if (begun !== undefined && begun.parent !== null) {
      this.state = begun;
      return;
    }
    const { type, version, lockWait } = definition;
    const locks = definition.locks({});
    this.state = submitted({ id, type, version, params: {}, handlers: handlersOf(definition, {}).map(({ name }) => name), parent: null, rootId: id, locks, lockWait, submittedAt: run.now });
    run.commit({ type: 'command', state: this.state as unknown as StoredCommand });
  }

  admitted(): this {
    return this.happens({ type: 'locksGranted' });
  }

  /** The callback that is due returns. */
  returns(what: { readonly work?: readonly StagedWork[]; readonly answer?: 'passed' | 'notPassed' | 'cannotTell'; readonly beside?: readonly Change[] } = {}): this {
    const { callback, attempt } = this.#due();
    const event = returning(callback, { index: this.state.executionIndex, attempt }, what.work ?? [], what.answer ?? 'notPassed');
    return this.happens(event, returnedEntries(this.state, { callback, index: this.state.executionIndex, attempt }, event, this.run.now), what.beside);
  }

  throws(error: ErrorRecord = ERROR, sent = false): this {
    const { callback, attempt } = this.#due();
    const name = callback === 'start' ? 'beforeTask' : callback;
    const event = { type: 'threw', callback, run: { index: this.state.executionIndex, attempt }, error, sent } as const;
    return this.happens(event, [thrownEntry(this.state, name, { callback, index: this.state.executionIndex, attempt }, error, this.run.now)]);
  }

  /** Its outstanding tasks and children end, one after the other; those in back-off are placed first. */
  ends(outcome: Outcome = { kind: 'succeeded' }): this {
    for (const { id } of this.open()) {
      this.happens({ type: 'retryDue', id });
      this.happens({ type: 'workEnded', id, outcome });
      this.happens({ type: 'childReported', id, report: { is: 'ended', outcome } });
    }
    return this;
  }

  /** The tasks that have ended are cleared. */
  cleared(): this {
    for (const task of this.#tasks.values()) this.run.commit({ type: 'taskRemoved', task });
    this.#tasks.clear();
    return this;
  }

  /** What it waits for. */
  open(): readonly WorkItem[] {
    const { phase, steps, executionIndex } = this.state;
    if (phase.at !== 'work') return [];
    const items = phase.of === 'step' ? steps[executionIndex]?.work : steps[executionIndex]?.revertWork;
    return (items ?? []).filter(({ outcome }) => outcome === null);
  }

  /** An event by the engine's own rules, in one batch. */
  happens(event: FlowEvent, history: readonly HistoryEntry[] = [], beside: readonly Change[] = []): this {
    if (event.type === 'retryDue') this.run.advance(LONGEST_BACK_OFF);
    const shape = shapeOf(handlersOf(this.definition, {}));
    const step = transition(shape, this.state, event, { now: this.run.now, jitter: 0 });
    if (step === null) return this;
    const after = { ...step.state, historyLength: this.state.historyLength + history.length };
    const owner = this.state.rootId;
    const waits = this.state.status === 'SUBMITTED' && event.type !== 'locksGranted';
    const heldLocks = waits ? [] : this.state.locks.map(({ key, mode }) => ({ key, mode, owner }));
    const before = this.state;
    const { now } = this.run;
    const tasks = this.#tasks;
    const definitions = new Map(this.run.definitions.map((definition) => [definition.type, definition]));
    const family = endsItsFamily(after) ? completedFamily(this.run.monitor.store, after).filter(({ status }) => status === 'COMPLETED') : [];
    const input = { definitions, before, event, step: { ...step, state: after }, history, tasks, heldLocks: () => heldLocks, completedFamily: family, now };
    const changes = changesOf(input);
    for (const change of changes) if (change.type === 'task') this.#tasks.set(change.task.id, change.task);
    this.state = after;
    this.run.commit(...changes, ...beside);
    return this;
  }

  /** A batch that no engine should write: the state with these changes, and these callbacks. */
  forge(change: Partial<CommandState>, entries: readonly Entry[] = [], beside: readonly Change[] = []): this {
    const history = entries.map((entry): HistoryEntry => ({ t: this.run.now, handler: this.state.handlers[entry.index] ?? '', attempt: 1, outcome: 'ok', ...entry }));
    const first = this.state.historyLength;
    this.state = { ...this.state, historyLength: first + history.length, ...change };
    this.run.commit(
      { type: 'command', state: this.state as unknown as StoredCommand },
      ...history.map((entry, i): Change => ({ type: 'history', commandId: this.state.id, seq: first + i, entry })),
      ...beside,
    );
    return this;
  }

  /** A callback's function begins to run. */
  runs(callback: CallbackName, index = this.state.executionIndex, attempt = 1, task?: string): this {
    const of = task === undefined ? {} : { task };
    this.run.probe({ type: 'callbackRuns', commandId: this.state.id, index, handler: this.state.handlers[index] ?? '', callback, attempt, ...of });
    return this;
  }

  #due(): { readonly callback: Callback; readonly attempt: number } {
    const { phase } = this.state;
    if (phase.at !== 'callback') throw new Error(`no callback is due: ${JSON.stringify(phase)}`);
    return phase;
  }
}

/** Of a command that is over, the engine keeps nothing any more. @param but keys that are left */
export function removed<L extends Life>(life: L, but: readonly string[] = []): L {
  const { id, endedAt, historyLength } = life.state;
  const keys = [doneKey(id), endedKey(endedAt ?? 0, id), ...Array.from({ length: historyLength }, (_, seq) => historyKey(id, seq))];
  life.run.commit({ type: 'familyRemoved', rootId: id, entries: keys.filter((key) => !but.includes(key)).map((key) => ({ key, digest: 0 })) });
  return life;
}

function returning(callback: Callback, run: { index: number; attempt: number }, work: readonly StagedWork[], answer: 'passed' | 'notPassed' | 'cannotTell'): FlowEvent {
  const revert = work.flatMap((item) => (item.kind === 'task' ? [item.request] : []));
  switch (callback) {
    case 'start':
      return { type: 'started', run, work };
    case 'createTask':
      return { type: 'recreated', run, work: revert };
    case 'endSuccessfully':
      return { type: 'endedSuccessfully', run };
    case 'endWithFailure':
      return { type: 'endedWithFailure', run, revert };
    case 'compensate':
      return { type: 'compensated', run, revert, residue: [] };
    case 'compensationEnded':
      return { type: 'compensationEnded', run };
    case 'hasPassed':
      return { type: 'answered', run, answer };
  }
}
