import type { Mutant } from './mutant.js';

const BATCH = 'actors/command/batch.ts';
const CHANGE = 'src/store/change.ts';
const CHILDREN = 'src/flow/children.ts';
const CLEAN_UP = 'src/flow/clean-up.ts';
const OPERATE = 'src/flow/operate.ts';
const PIVOT = 'src/flow/pivot.ts';
const PROBING = 'src/flow/probing.ts';
const TIMEOUT = 'src/flow/timeout.ts';
const TRANSITION = 'src/flow/transition.ts';
const UNDO = 'src/flow/undo.ts';
const WORK = 'src/flow/work.ts';

/** What the live migration has no use for: families, operators, time limits, chosen retries, clean-ups, what is told of an undo, tasks without return, retention. */
export const BREAKING_FEATURES: readonly Mutant[] = [
  // Families.
  {
    name: 'children are rolled back in the order in which they were started',
    breaks: 'callback-order',
    file: CHILDREN,
    find: "outcome?.kind === 'succeeded' && undo === undefined).toReversed();",
    replace: "outcome?.kind === 'succeeded' && undo === undefined);",
  },
  {
    name: 'a completed child does not end with its root',
    breaks: 'callback-order',
    file: BATCH,
    find: "...completedFamily.map((child): Change => ({ type: 'command', state: stored(succeededWithRoot(child, now)) })),",
    replace: '',
  },
  {
    name: 'a step is undone without its children',
    breaks: 'callback-order',
    file: UNDO,
    find: 'return stepAt(at).completed && shapeAt(shape, index).hasLeaves ? undoOwn(shape, at) : undoChildren(shape, at);',
    replace: 'return undoOwn(shape, at);',
  },
  {
    name: 'a child that is to be rolled back is forgotten at a crash',
    breaks: 'at-rest',
    file: CHILDREN,
    find: '.slice(0, 1)',
    replace: '.slice(0, 0)',
  },
  {
    name: 'a completed child gives back its locks',
    breaks: 'locks',
    file: BATCH,
    find: "if (input.event.type === 'locksGranted') changes.push(...lockChanges(input));",
    replace: `if (input.event.type === 'locksGranted') changes.push(...lockChanges(input));
  if (step.state.status === 'COMPLETED') changes.push(...step.state.locks.map(({ key }) => ({ type: 'lockReleased', key, owner: step.state.rootId })));`,
  },
  // Operators.
  {
    name: 'an operator gives something up under the old fence number',
    breaks: 'exactly-once',
    file: OPERATE,
    find: 'const given = { ...state, heldBy: null, fence: state.fence + 1 };',
    replace: 'const given = { ...state, heldBy: null };',
  },
  {
    name: 'an undo that an operator gives up is tried again',
    breaks: 'callback-order',
    file: OPERATE,
    find: 'return child === undefined ? undoNext(shape, next, index - 1) :',
    replace: 'return child === undefined ? undoAgain(shape, state) :',
  },
  {
    name: 'that an undo was given up is forgotten',
    breaks: 'callback-order',
    file: OPERATE,
    find: 'if (isHeldAt(step, i)) return { ...step, undo: how };',
    replace: "if (isHeldAt(step, i)) return { ...step, undo: 'compensated' };",
  },
  {
    name: 'what an operator has given up is not listed',
    breaks: 'truth',
    file: 'src/flow/ending.ts',
    find: "if (step.closed === 'skipped') return 'skipped';",
    replace: "if (step.closed === 'skipped') return null;",
  },
  {
    name: "an operator's action is not logged",
    breaks: 'callback-order',
    file: OPERATE,
    find: 'return { ...state, operator: [...state.operator, entry] };',
    replace: 'void entry; return state;',
  },
  // Time limits.
  {
    name: 'a time limit fails a step whose work has ended well',
    breaks: 'callback-order',
    file: WORK,
    find: "if (error === null) return toCallback(crossed, 'endSuccessfully');",
    replace: "if (error === null && stopError(shape, crossed) === null) return toCallback(crossed, 'endSuccessfully');",
  },
  {
    name: 'a step may take for ever',
    breaks: 'ends',
    file: 'actors/command/step-timer.ts',
    find: 'if (due === null || this.#armed !== null) return;',
    replace: 'if (due !== Infinity) return;',
  },
  {
    name: 'a time limit is in µs',
    breaks: 'ends',
    file: TIMEOUT,
    find: 'Math.round(timeoutMs * 1000)',
    replace: 'Math.round(timeoutMs)',
  },
  {
    name: 'what waits for its next attempt takes no notice of a time limit',
    breaks: 'callback-order',
    file: CLEAN_UP,
    find: 'if (item.notBefore !== null) return withoutNextAttempt(item);',
    replace: 'if (item.notBefore !== null) return item;',
  },
  // Chosen retries, and their back-off.
  {
    name: 'every error is tried again, whatever the policy says',
    breaks: 'callback-order',
    file: 'src/model/retry.ts',
    find: 'if (retryIf === undefined) return true;',
    replace: 'if (retryIf !== null) return true;',
  },
  {
    name: 'what is to be tried again and what is not are mistaken for each other',
    breaks: 'callback-order',
    file: 'src/model/retry.ts',
    find: "return 'only' in retryIf ? matches(retryIf.only, error) : !matches(retryIf.except, error);",
    replace: "return 'only' in retryIf ? !matches(retryIf.only, error) : matches(retryIf.except, error);",
  },
  {
    name: 'a callback does not wait for its next attempt after a crash',
    breaks: 'callback-order',
    file: TRANSITION,
    find: "return [{ do: 'runCallback', callback, index: state.executionIndex, attempt, notBefore }];",
    replace: "return [{ do: 'runCallback', callback, index: state.executionIndex, attempt, notBefore: notBefore === null ? null : 0 }];",
  },
  {
    name: 'a task is tried again at once',
    breaks: 'callback-order',
    file: 'src/flow/items.ts',
    find: "return [item.notBefore === null ? { do: 'placeTask', item } : { do: 'retryAt', id: item.id, at: item.notBefore }];",
    replace: "return [item.notBefore === null ? { do: 'placeTask', item } : { do: 'retryAt', id: item.id, at: 0 }];",
  },
  // Clean-ups before a retry.
  {
    name: 'the next attempt does not await the tasks of its clean-up',
    breaks: 'callback-order',
    file: CLEAN_UP,
    find: "if (work.some(({ outcome }) => outcome === null)) return { ...item, cleanUp: { at: 'work', run, work } };",
    replace: 'if (work.some(({ outcome }) => outcome === null)) { const { cleanUp, ...placed } = item; return { ...placed, cleanedUp: [...(item.cleanedUp ?? []), ...work] }; }',
  },
  {
    name: 'the tasks of a clean-up are not done',
    breaks: 'ends',
    file: CLEAN_UP,
    find: 'return cleanedSoFar(item, run, requests.map(',
    replace: 'return item; return cleanedSoFar(item, run, requests.map(',
  },
  {
    name: 'there is no clean-up before a retry',
    breaks: 'callback-order',
    file: CLEAN_UP,
    find: 'return hasBeforeRetry ?',
    replace: 'return !hasBeforeRetry ?',
  },
  {
    name: 'a clean-up is tried again under the old fence number',
    breaks: 'exactly-once',
    file: 'src/flow/before-retry.ts',
    find: 'marked({ ...before, fence: before.fence + 1 }, run, sent)',
    replace: 'marked(before, run, sent)',
  },
  {
    name: 'a clean-up is forgotten at a crash',
    breaks: 'at-rest',
    file: 'src/flow/items.ts',
    find: "if (item.cleanUp !== undefined) return item.cleanUp.at === 'callback' ? [{ do: 'runBeforeRetry', item }] : item.cleanUp.work.flatMap((task) => owed(task));",
    replace: "if (item.cleanUp !== undefined) return item.cleanUp.at === 'callback' ? [] : item.cleanUp.work.flatMap((task) => owed(task));",
  },
  // What is told of an undo.
  {
    name: 'a handler is told twice how its undo went',
    breaks: 'callback-order',
    file: TRANSITION,
    find: 'return revertsTold(shape, withStep(state, { told: phase.attempt }));',
    replace: `if (phase.attempt === 1) return toCallback({ ...withStep(state, { told: 1 }), fence: state.fence + 1 }, 'compensationEnded', { attempt: 2, failures: 0, notBefore: null });
      return revertsTold(shape, withStep(state, { told: phase.attempt }));`,
  },
  {
    name: 'a handler is not told how its undo went',
    breaks: 'callback-order',
    file: WORK,
    find: 'hasCompensationEnded ? tellOfReverts(state) : revertsTold(shape, state);',
    replace: 'hasCompensationEnded ? revertsTold(shape, state) : revertsTold(shape, state);',
  },
  {
    name: 'an undo of which its handler was told is well done',
    breaks: 'callback-order',
    file: WORK,
    find: 'return revertsFailed(shape, state) ?? undone(shape, state);',
    replace: 'return undone(shape, state);',
  },
  // Tasks without return.
  {
    name: 'that a task may cross the point of no return is not remembered',
    breaks: 'callback-order',
    file: 'src/flow/forward.ts',
    find: "...(crossing ? { pivot: 'maybe' } : {})",
    replace: '',
  },
  {
    name: 'what failed beside a task without return is submitted again',
    breaks: 'callback-order',
    file: PIVOT,
    find: "return shapeAt(shape, on.executionIndex).hasCreateTask ? toCallback(on, 'createTask', nextRun(on)) : resubmitFailed(shape, on, at);",
    replace: 'return resubmitFailed(shape, on, at);',
  },
  // Archive and retention.
  {
    name: 'a command is in the archive before it is over',
    breaks: 'callback-order',
    file: CHANGE,
    find: "else put(commandKey(change.state.id), encodeRecord('command', change.state));",
    replace: "else { put(commandKey(change.state.id), encodeRecord('command', change.state)); put(doneKey(change.state.id), encodeRecord('done', change.state)); }",
  },
  {
    name: 'nothing says that there was a command whose records are removed',
    breaks: 'exactly-once',
    file: CHANGE,
    find: 'put(expiredKey(change.rootId), EXPIRED_ENTRY);',
    replace: '',
  },
  {
    name: 'records are removed as soon as their command is over',
    breaks: 'ends',
    file: 'actors/retention.ts',
    find: 'endedAt <= ports.now() - keepMs * 1000;',
    replace: 'endedAt <= ports.now();',
  },
  {
    name: 'the history of a command outlives its records',
    breaks: 'exactly-once',
    file: 'src/store/snapshot-store.ts',
    find: 'const prefixes = [donePrefix(rootId), historyPrefix(rootId), childHistoryPrefix(rootId)];',
    replace: 'const prefixes = [donePrefix(rootId), historyPrefix(rootId)];',
  },
  {
    name: 'a command counts as over with the last of its children',
    breaks: 'exactly-once',
    file: CHANGE,
    find: 'if (rootIdOf(id) === id) put(endedKey(endedAt, id), ENDED_ENTRY);',
    replace: 'put(endedKey(endedAt, rootIdOf(id)), ENDED_ENTRY);',
  },
  {
    name: 'a host takes a task again that it has cleared',
    breaks: 'truth',
    file: 'actors/host/spm-tasks.ts',
    find: 'if (storage.fenceOf(pool, taskId) !== null) return at(refused(FENCED',
    replace: 'if (pool === taskId) return at(refused(FENCED',
    unnoticed: 'no message comes twice or very late in these campaigns, and what an earlier incarnation had sent is refused for its incarnation',
  },
  // Hosts that make their own task ids.
  {
    name: 'what a probe has not found counts as done',
    breaks: 'truth',
    file: PROBING,
    find: 'if (task.stop === null) return submittedAnew(asked, task);',
    replace: "if (task.stop === null) return ended(shape, asked, task.id, { kind: 'succeeded' }, at);",
  },
];
