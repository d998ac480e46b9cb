import type { Mutant } from './mutant.js';

const WORK = 'src/flow/work.ts';
const ITEMS = 'src/flow/items.ts';
const FORWARD = 'src/flow/forward.ts';
const TRANSITION = 'src/flow/transition.ts';
const BATCH = 'actors/command/batch.ts';
const RUN_CALLS = 'actors/command/run-calls.ts';
const DURABLE = 'actors/command/durable-command.ts';
const RUNNER = 'actors/command/callback-runner.ts';
const RECOVERY = 'actors/engine/recovery.ts';
const REQUESTS = 'actors/engine/requests.ts';
const TASK_MANAGER = 'actors/task-manager.ts';

/** What is done on hosts, and what the engine believes of it. */
export const BREAKING_TASKS: readonly Mutant[] = [
  // 7: at rest.
  {
    name: 'a task is cleared on its host before its outcome is committed',
    breaks: 'exactly-once',
    file: TASK_MANAGER,
    find: "tracked.set({ ...entry, at: 'ended', missing: null });",
    replace: "tracked.set({ ...entry, at: 'ended', missing: null }); ask.clear(entry.task);",
  },
  {
    name: 'a running task counts as over',
    breaks: 'liveness',
    file: 'actors/task-outcome.ts',
    find: "if (status.taskState !== 'finished') return null;",
    replace: "if (status.taskState === 'init') return null;",
  },
  {
    name: 'a task that is missing for too long is lost before its id is fenced',
    breaks: 'at-rest',
    file: TASK_MANAGER,
    find: `tracked.set({ ...entry, at: 'fencing', missing: null });
    ask.fence(entry.task);`,
    replace: "route(entry, { kind: 'lost' });",
  },
  {
    name: 'the record of a cleared task stays',
    breaks: 'at-rest',
    file: TASK_MANAGER,
    find: "changes: [{ type: 'taskRemoved', task }],",
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
    file: RECOVERY,
    find: 'for (const child of [...registry.live.values(), ...endedChildren]) registry.tellParent(child);',
    replace: 'void endedChildren;',
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
    find: 'const item = items.find((candidate) => candidate.id === id);\n  if (item?.kind !== \'task\' || item.outcome !== null',
    replace: 'const item = items.find((candidate) => candidate.outcome === null);\n  if (item?.kind !== \'task\' || item.outcome !== null',
  },
  {
    name: 'a task that was not acknowledged before a crash is not offered again',
    breaks: 'at-rest',
    file: TASK_MANAGER,
    find: "if (at === 'placed') placeAgain(task);",
    replace: '',
  },
  {
    name: 'a recovered engine does not ask how its tasks are',
    breaks: 'at-rest',
    file: TASK_MANAGER,
    find: 'for (const pool of pools.keys()) poll(pool);',
    replace: '',
  },
  {
    name: 'a back-off is forgotten at a crash',
    breaks: 'at-rest',
    file: ITEMS,
    find: "if (item.notBefore !== null) return [{ do: 'retryAt', id: item.id, at: item.notBefore }];",
    replace: 'if (item.notBefore !== null) return [];',
  },
  {
    name: 'a task whose outcome is consumed is not marked as such',
    breaks: 'at-rest',
    file: BATCH,
    find: "return task === undefined ? [] : [{ type: 'task', task: { ...task, state: 'Ending', submittedAt: null } }];",
    replace: 'return [];',
  },
  // 9: the truth.
  {
    name: 'whatever has finished counts as well done',
    breaks: 'truth',
    file: 'actors/task-outcome.ts',
    find: "if (status.taskResult === 'success' && status.code === 0) return { kind: 'succeeded' };",
    replace: "if (status.taskResult !== 'cleanFailure') return { kind: 'succeeded' };",
  },
  {
    name: 'a call has another key after a crash',
    breaks: 'truth',
    file: RUNNER,
    find: 'this.#host.call(call, {',
    replace: "this.#host.call({ ...call, key: call.key + '/again'.repeat(this.context.incarnation - 1) }, {",
  },
  {
    name: 'a call leaves before it is recorded',
    breaks: 'truth',
    file: RUN_CALLS,
    find: 'await deps.commit();',
    replace: 'void deps.commit();',
  },
  {
    name: 'a submission is acknowledged before it is on disk',
    breaks: 'truth',
    file: REQUESTS,
    find: 'this.#submitting.set(id, { state, requests: [request] });',
    replace: 'this.#submitting.set(id, { state, requests: [] }); this.#reply(request, statusOf(state, () => undefined));',
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
    find: 'if (this.#lives.get(taskId) !== undefined) return at(done({ taskId }));',
    replace: '',
  },
  {
    name: 'a host executes a call again that it has answered',
    breaks: 'truth',
    file: 'actors/host/hsm-calls.ts',
    find: 'if (known !== undefined) {',
    replace: 'if (known !== undefined && known.answer === null) {',
  },
  {
    name: 'a call that is given up may still cross the point of no return',
    breaks: 'exactly-once',
    file: FORWARD,
    find: "return toCallback(withStep({ ...state, fence: state.fence + 1 }, { asking: { ...tried, of } }), 'hasPassed');",
    replace: "return toCallback(withStep(state, { asking: { ...tried, of } }), 'hasPassed');",
  },
  {
    name: 'a further attempt of an undo goes under the old fence number',
    breaks: 'exactly-once',
    file: TRANSITION,
    find: 'return toCallback({ ...state, fence: state.fence + 1 }, phase.callback,',
    replace: 'return toCallback(state, phase.callback,',
  },
  {
    name: 'a call without an answer is taken for one that failed',
    breaks: 'ends',
    file: RUN_CALLS,
    find: "if (answer.kind === 'timeout') throw new CallUnknown(verb, host, 'no answer in time');",
    replace: "if (answer.kind === 'timeout') throw new CallFailed(verb, host, 100, 'no answer in time');",
  },
  {
    name: 'a task that is not acknowledged in time is taken for refused',
    breaks: 'truth',
    file: 'actors/pool.ts',
    find: "if (answer.kind === 'reply' && !TRANSIENT.has(answer.reply.code)) end(",
    replace: `if (answer.kind === 'timeout') return end(offer, { host, reply: { code: 100, message: 'no answer in time', result: null } });
    if (answer.kind === 'reply' && !TRANSIENT.has(answer.reply.code)) end(`,
  },
  {
    name: 'a client is told the first status of a command until it is over',
    breaks: 'truth',
    file: DURABLE,
    find: 'this.consequences.changed(after, before);',
    replace: "if (after.phase.at === 'ended') this.consequences.changed(after, before);",
    unnoticed: 'an answer may be old, and no invariant says how old',
  },
  {
    name: 'a callback that runs again after a crash does not know its recorded calls',
    breaks: 'truth',
    file: RUNNER,
    find: 'rerun ?? this.#recorded()',
    replace: 'rerun',
    unnoticed: 'keys are functions of place and attempt, so hosts know the calls again',
  },
  {
    name: 'requests go without a fence number after a crash',
    breaks: 'truth',
    file: DURABLE,
    find: '    context.fences.set(initial.state.id, initial.state.fence);\n',
    replace: '',
    unnoticed: 'until the first commit after a crash; and what an older incarnation had sent is refused for its incarnation',
  },
  {
    name: 'a further attempt of a callback goes under the old fence number',
    breaks: 'exactly-once',
    file: FORWARD,
    find: 'return toCallback({ ...state, fence: state.fence + 1 }, of,',
    replace: 'return toCallback(state, of,',
    unnoticed: 'of what ships only finishReplication has further attempts, and asks hasPassed under a new number before',
  },
  // Calls that nobody has answered.
  {
    name: 'a call that nobody has answered is over without its host having said so',
    breaks: 'truth',
    file: 'actors/command/callback-host.ts',
    find: "const answer = await this.#request(host, { op: 'drainCalls', hostIncarnation });",
    replace: "if (hostIncarnation > 0) return true; const answer = await this.#request(host, { op: 'drainCalls', hostIncarnation });",
  },
  {
    name: 'a command ends with a call that nobody has answered',
    breaks: 'truth',
    file: DURABLE,
    find: 'if (isOver(after) && after.unsettled !== undefined) {',
    replace: 'if (isOver(after) && after.unsettled === null) {',
  },
  {
    name: 'a call that nobody has answered is forgotten with its run',
    breaks: 'truth',
    file: 'actors/command/unsettled.ts',
    find: 'return dropped.length === 0 ? after : { ...rest, unsettled: [...known, ...dropped] };',
    replace: 'return after;',
  },
  {
    name: 'an undo overtakes a call that nobody has answered',
    breaks: 'truth',
    file: RUNNER,
    find: 'return isUndo(callback) && ',
    replace: 'return false && ',
  },
  {
    name: 'hasPassed overtakes a call that nobody has answered',
    breaks: 'truth',
    file: RUNNER,
    find: "if (callback === 'hasPassed') return unsettledCalls(state, openCalls).length > 0;",
    replace: "if (callback === 'hasPassed') return false;",
  },
  {
    name: 'a task counts as missing by an answer from before it',
    breaks: 'at-rest',
    file: TASK_MANAGER,
    find: 'if (n > entry.polledFrom) watch(',
    replace: 'watch(',
  },
  {
    name: 'a task counts as missing while its SPM has not loaded what it takes over',
    breaks: 'at-rest',
    file: 'actors/task-manager/missing.ts',
    find: 'if (isListed || settled === false) return null;',
    replace: 'if (isListed) return null;',
    unnoticed: 'in these campaigns no SPM takes over from another',
  },
];
