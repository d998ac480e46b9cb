/** What is to notice: an invariant by its name; `determinism`: the same run has two traces; `ends`: commands end otherwise than they should, or never. */
export type Watch = 'callback-order' | 'exactly-once' | 'locks' | 'disk-data' | 'at-rest' | 'truth' | 'determinism' | 'ends';

/** A wrong change of the engine, to see whether the campaign notices. */
export interface Mutant {
  readonly name: string;
  /** Where it is expected to be noticed first. */
  readonly breaks: Watch;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

const UNDO = 'src/flow/undo.ts';
const WORK = 'src/flow/work.ts';
const FORWARD = 'src/flow/forward.ts';
const TRANSITION = 'src/flow/transition.ts';
const BATCH = 'actors/command/batch.ts';
const CALLBACK_RUN = 'actors/command/callback-run.ts';
const COMMAND = 'actors/command.ts';
const ENGINE = 'actors/engine.ts';
const JOURNAL = 'actors/journal.ts';
const TASK_MANAGER = 'actors/task-manager.ts';

/** The first one of each invariant is planted in every test run, all of them by `npm run mutants`. */
export const MUTANTS: readonly Mutant[] = [
  // 2: the order of callbacks.
  {
    name: 'completed steps are undone from the first to the last',
    breaks: 'callback-order',
    file: UNDO,
    find: 'return undoNext(shape, next, index - 1);',
    replace: 'const last = state.steps.length - 2; return undoNext(shape, next, index > last ? 0 : index === last ? -1 : index + 1);',
  },
  {
    name: 'every other step is left out on the way back',
    breaks: 'callback-order',
    file: UNDO,
    find: 'return undoNext(shape, next, index - 1);',
    replace: 'return undoNext(shape, next, index - 2);',
  },
  {
    name: 'a recovered command begins one step too early',
    breaks: 'callback-order',
    file: COMMAND,
    find: 'let state = deps.initial;',
    replace: 'let state = context.incarnation === 1 ? deps.initial : { ...deps.initial, executionIndex: Math.max(0, deps.initial.executionIndex - 1) };',
  },
  {
    name: 'a step that has failed is not undone itself',
    breaks: 'callback-order',
    file: UNDO,
    find: "if (handler.hasEndWithFailure) return toCallback(rolling, 'endWithFailure');",
    replace: 'if (handler.hasEndWithFailure) return undoNext(shape, rolling, index - 1);',
  },
  {
    name: 'an undo does not wait for its revert tasks',
    breaks: 'callback-order',
    file: TRANSITION,
    find: 'if (revertWork.length === 0) return undone(shape, next);',
    replace: 'return undone(shape, next);',
  },
  // 3: exactly once.
  {
    name: 'the callback is committed with the state from before it',
    breaks: 'exactly-once',
    file: BATCH,
    find: "const changes: Change[] = [{ type: 'command', state: stored(step.state) }];",
    replace: "const changes: Change[] = [{ type: 'command', state: stored(before) }];",
  },
  {
    name: 'what a callback changed of the entities is not in its batch',
    breaks: 'exactly-once',
    file: JOURNAL,
    find: 'riders.push({ request, changes: [...request.changes, ...entityChanges] });',
    replace: 'riders.push({ request, changes: [...request.changes] }); for (const [key, record] of written) entities.apply(key, record);',
  },
  {
    name: 'the history is left out of the batch',
    breaks: 'exactly-once',
    file: BATCH,
    find: "history.forEach((entry, i) => changes.push({ type: 'history', commandId: before.id, seq: before.historyLength + i, entry }));",
    replace: 'void history;',
  },
  {
    name: 'a rollback begins under the old fence number',
    breaks: 'exactly-once',
    file: UNDO,
    find: 'fence: state.fence + 1, error: state.error ?? error',
    replace: 'fence: state.fence, error: state.error ?? error',
  },
  {
    name: 'after a crash executionIndex is one too high',
    breaks: 'exactly-once',
    file: ENGINE,
    find: 'map((state) => state as unknown as CommandState)',
    replace: 'map((state) => ({ ...(state as unknown as CommandState), executionIndex: (state as unknown as CommandState).executionIndex + 1 }))',
  },
  {
    name: 'a commit is acknowledged before it is on disk',
    breaks: 'exactly-once',
    file: JOURNAL,
    find: 'store.commit(inFlight.flatMap((rider) => rider.changes)).then(',
    replace: 'Promise.race([store.commit(inFlight.flatMap((rider) => rider.changes)), Promise.resolve()]).then(',
  },
  {
    name: 'entities are in memory before they are on disk',
    breaks: 'exactly-once',
    file: JOURNAL,
    find: 'accepted.set(key, record);',
    replace: 'accepted.set(key, record); entities.apply(key, record);',
  },
  {
    name: 'what a commit changes is taken over in memory only after a later one',
    breaks: 'exactly-once',
    file: COMMAND,
    find: 'deps.changed(state);',
    replace: "if (state.phase.at !== 'work') deps.changed(state);",
  },
  // 4: locks.
  {
    name: 'a lock is granted to whoever asks',
    breaks: 'locks',
    file: 'actors/locks.ts',
    find: 'if (holder !== undefined && holder !== message.owner) {',
    replace: 'if (holder === message.owner && message.requests.length === 0) {',
  },
  {
    name: 'the locks outlive their command',
    breaks: 'locks',
    file: BATCH,
    find: "return isRoot(step.state) ? heldLocks.map((key): Change => ({ type: 'lockReleased', key })) : [];",
    replace: 'return [];',
  },
  {
    name: "a child releases its root's locks",
    breaks: 'locks',
    file: BATCH,
    find: "return isRoot(step.state) ? heldLocks.map((key): Change => ({ type: 'lockReleased', key })) : [];",
    replace: "return definition.locks(before.params).map(({ key }): Change => ({ type: 'lockReleased', key }));",
  },
  {
    name: 'locks are not put on disk',
    breaks: 'locks',
    file: BATCH,
    find: "changes.push({ type: 'lock', lock: { key, mode, owner: before.rootId } });",
    replace: 'void [key, mode];',
  },
  {
    name: 'a recovered engine does not take up its locks again',
    breaks: 'exactly-once',
    file: 'actors/locks.ts',
    find: 'for (const lock of held) this.grant(lock.key, lock.owner);',
    replace: 'void held;',
  },
  // 6: the data of every disk.
  {
    name: 'revert tasks are done before they have begun',
    breaks: 'disk-data',
    file: TRANSITION,
    find: "return { state: { ...next, phase: { at: 'work', of } }, effects: revertWork.flatMap((item) => effectsOfItem(item)) };",
    replace: 'return undone(shape, withStep(next, { revertWork: [] }));',
  },
  {
    name: 'the entity is not told where its disk has gone',
    breaks: 'disk-data',
    file: JOURNAL,
    find: 'const value = change(current?.value);',
    replace: "const value = key.startsWith('disk') && current !== undefined ? current.value : change(current?.value);",
  },
  {
    name: 'the copy is deleted where the VM has gone',
    breaks: 'disk-data',
    file: 'src/commands/live-migration/finish-replication.ts',
    find: 'createTask: ({ params: { pool, disk, sourceDomain } }) => ({',
    replace: 'createTask: ({ params: { pool, disk, targetDomain: sourceDomain } }) => ({',
  },
  // 7: at rest.
  {
    name: 'a task is cleared on its host before its outcome is committed',
    breaks: 'at-rest',
    file: TASK_MANAGER,
    find: "tracked.set(taskId, { ...entry, at: 'ended' });",
    replace: "tracked.set(taskId, { ...entry, at: 'ended' }); clearOnHost(entry.task.pool, taskId, commandId, () => undefined);",
  },
  {
    name: 'a running task counts as over',
    breaks: 'at-rest',
    file: 'actors/task-outcome.ts',
    find: "if (status.taskState !== 'finished') return null;",
    replace: "if (status.taskState === 'init') return null;",
  },
  {
    name: 'the record of a cleared task stays',
    breaks: 'at-rest',
    file: TASK_MANAGER,
    find: "changes: [{ type: 'taskRemoved', task: entry.task }],",
    replace: 'changes: [],',
  },
  {
    name: 'tasks are not in the batch that asks for them',
    breaks: 'at-rest',
    file: BATCH,
    find: "return [{ type: 'task', task: placeholder(step.state, effect.item, now) }];",
    replace: 'return [];',
  },
  {
    name: 'children are not in the batch that asks for them',
    breaks: 'at-rest',
    file: BATCH,
    find: "return [{ type: 'command', state: stored(childOf(definitions, step.state, effect.item, now)) }];",
    replace: 'return [];',
  },
  {
    name: 'a child that ended just before a crash never tells its parent',
    breaks: 'at-rest',
    file: ENGINE,
    find: 'for (const state of commands.values()) if (isTerminal(state.status)) tellParent(state);',
    replace: '',
  },
  {
    name: 'a task that was being cleared at a crash is forgotten',
    breaks: 'at-rest',
    file: TASK_MANAGER,
    find: "if (at === 'ending') clear(task);",
    replace: '',
  },
  {
    name: 'a completion is taken for that of whatever is waited for',
    breaks: 'at-rest',
    file: WORK,
    find: 'const item = items.find((candidate) => candidate.id === id);\n  if (item === undefined || item.outcome !== null',
    replace: 'const item = items.find((candidate) => candidate.outcome === null);\n  if (item === undefined || item.outcome !== null',
  },
  {
    name: 'the next attempt of a task has the id of the last one',
    breaks: 'at-rest',
    file: 'src/flow/items.ts',
    find: 'const attempt = item.attempt + 1;',
    replace: 'const attempt = item.attempt;',
  },
  // 9: the truth.
  {
    name: 'whatever has finished counts as well done',
    breaks: 'truth',
    file: 'actors/task-outcome.ts',
    find: "if (status.taskResult === 'success') return { kind: 'succeeded' };",
    replace: "if (status.taskResult !== 'cleanFailure') return { kind: 'succeeded' };",
  },
  {
    name: 'a call has another key after a crash',
    breaks: 'truth',
    file: COMMAND,
    find: 'call: (call) => turn.waitFor(callbacks.call(call, index)),',
    replace: 'call: (call) => turn.waitFor(callbacks.call(context.incarnation === 1 ? call : { ...call, key: `${call.key}/${context.incarnation}` }, index)),',
  },
  {
    name: 'a call leaves before it is recorded',
    breaks: 'truth',
    file: CALLBACK_RUN,
    find: 'await this.host.commitCalls(this.#record(), crosses);',
    replace: 'void this.host.commitCalls(this.#record(), crosses);',
  },
  {
    name: 'a submission is acknowledged before it is on disk',
    breaks: 'truth',
    file: ENGINE,
    find: 'submitting.set(id, { state, requests: [request] });',
    replace: 'submitting.set(id, { state, requests: [] }); commands.set(id, state); reply(request, statusOf(id));',
  },
  {
    name: 'what a rollback leaves on purpose is not told',
    breaks: 'truth',
    file: TRANSITION,
    find: 'residue: [...state.residue, ...event.residue]',
    replace: 'residue: state.residue',
  },
  {
    name: 'a host starts a task again that it knows already',
    breaks: 'truth',
    file: 'actors/host/spm-tasks.ts',
    find: 'if (this.#tasks.has(taskId)) return done({ taskId });',
    replace: '',
  },
  {
    name: 'a host executes a call again that it has answered',
    breaks: 'truth',
    file: 'actors/host/hsm-calls.ts',
    find: 'if (known !== undefined) {',
    replace: 'if (known !== undefined && known.answer === null) {',
  },
  // 10: determinism.
  {
    name: "the back-off's jitter is drawn from elsewhere",
    breaks: 'determinism',
    file: COMMAND,
    find: "jitter: ports.random('backoff')",
    replace: 'jitter: Math.random()',
  },
  {
    name: "a verb's latency is drawn from elsewhere",
    breaks: 'determinism',
    file: 'sim/world/verbs/table.ts',
    find: 'random(`latency:${verb.name}`)',
    replace: 'Math.random()',
  },
  {
    name: 'a submission bears the time of the wall clock',
    breaks: 'determinism',
    file: ENGINE,
    find: 'submittedAt: ports.now(),',
    replace: 'submittedAt: Date.now(),',
  },
  {
    name: 'a correlation number goes on over engines',
    breaks: 'determinism',
    file: 'actors/exchange.ts',
    find: 'this.#sent += 1;',
    replace: "this.#sent = Number(process.env['SENT'] ?? '0') + 1; process.env['SENT'] = String(this.#sent);",
  },
  // 1: it comes to an end, and to the right one.
  {
    name: 'a task that was not acknowledged before a crash is not offered again',
    breaks: 'ends',
    file: TASK_MANAGER,
    find: "if (at === 'placed') submit(task);",
    replace: '',
  },
  {
    name: 'a recovered engine does not ask how its tasks are',
    breaks: 'ends',
    file: TASK_MANAGER,
    find: 'for (const pool of pools.keys()) poll(pool);',
    replace: '',
  },
  {
    name: 'a back-off is forgotten at a crash',
    breaks: 'ends',
    file: TRANSITION,
    find: "if (item.notBefore !== null) return [{ do: 'retryAt', id: item.id, at: item.notBefore }];",
    replace: 'if (item.notBefore !== null) return [];',
  },
  {
    name: 'a disk that stays fails the whole migration',
    breaks: 'ends',
    file: WORK,
    find: "children.every((child) => child.outcome?.kind !== 'succeeded')",
    replace: "children.some((child) => child.outcome?.kind !== 'succeeded')",
  },
  {
    name: 'past the point of no return a failed task is not tried again',
    breaks: 'ends',
    file: WORK,
    find: "const patient = of !== 'step' || isPast(state);",
    replace: "const patient = of !== 'step';",
  },
  {
    name: 'that the point of no return may be crossed is not committed',
    breaks: 'callback-order',
    file: CALLBACK_RUN,
    find: 'await this.host.commitCalls(this.#record(), crosses);',
    replace: 'await this.host.commitCalls(this.#record(), false);',
  },
  {
    name: 'that the point of no return is crossed is not remembered',
    breaks: 'ends',
    file: FORWARD,
    find: "const crossed = part === 'beforeTask' && pivot === 'maybe';",
    replace: 'const crossed = false;',
  },
  {
    name: 'a task whose outcome is consumed is not marked as such',
    breaks: 'at-rest',
    file: BATCH,
    find: "return task === undefined ? [] : [{ type: 'task', task: { ...task, state: 'Ending' } }];",
    replace: 'return [];',
  },
  {
    name: 'a callback that runs again after a crash does not know its recorded calls',
    breaks: 'truth',
    file: COMMAND,
    find: 'rerun ?? (open ? openCalls : null)',
    replace: 'rerun',
  },
  {
    name: 'requests go without a fence number after a crash',
    breaks: 'truth',
    file: COMMAND,
    find: '  context.fences.set(state.id, state.fence);\n\n',
    replace: '\n',
  },
  {
    name: 'a further attempt of a callback goes under the old fence number',
    breaks: 'truth',
    file: FORWARD,
    find: 'return toCallback({ ...state, fence: state.fence + 1 }, of,',
    replace: 'return toCallback(state, of,',
  },
];
