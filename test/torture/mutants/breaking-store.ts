import type { Mutant } from './mutant.js';

const UNDO = 'src/flow/undo.ts';
const BATCH = 'actors/command/batch.ts';
const DURABLE = 'actors/command/durable-command.ts';
const RECOVERY = 'actors/engine/recovery.ts';
const REQUESTS = 'actors/engine/requests.ts';
const JOURNAL = 'actors/journal.ts';

/** What is on the engine's disk, and the course of a run. */
export const BREAKING_STORE: readonly Mutant[] = [
  // 3: exactly once.
  {
    name: 'what a callback changed of the entities is not in its batch',
    breaks: 'exactly-once',
    file: JOURNAL,
    find: 'riders.push({ request, changes: [...request.changes, ...entityChanges] });',
    replace: 'riders.push({ request, changes: [...request.changes] }); for (const [key, record] of written) entities.apply(key, record);',
  },
  {
    name: 'the callback is committed with the state from before it',
    breaks: 'exactly-once',
    file: BATCH,
    find: "const changes: Change[] = [{ type: 'command', state: stored(step.state) }];",
    replace: "const changes: Change[] = [{ type: 'command', state: stored(before) }];",
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
    file: RECOVERY,
    find: 'map((state) => frozen(state) as unknown as CommandState)',
    replace: 'map((state) => frozen({ ...(state as unknown as CommandState), executionIndex: (state as unknown as CommandState).executionIndex + 1 }))',
  },
  {
    name: 'a commit is acknowledged before it is on disk',
    breaks: 'exactly-once',
    file: JOURNAL,
    find: 'store.commit(inFlight.flatMap((rider) => rider.changes)) :',
    replace: 'Promise.race([store.commit(inFlight.flatMap((rider) => rider.changes)), Promise.resolve()]) :',
  },
  {
    name: 'a recovered engine does not take up its locks again',
    breaks: 'exactly-once',
    file: 'actors/locks/lock-table.ts',
    find: 'for (const lock of held) this.grant(lock.owner, lock);',
    replace: 'void held;',
  },
  {
    name: 'entities are in memory before they are on disk',
    breaks: 'exactly-once',
    file: JOURNAL,
    find: 'accepted.set(key, record);',
    replace: 'accepted.set(key, record); entities.apply(key, record);',
    unnoticed: 'what is decided by them is committed after them; memory is compared with disk at recovery and at rest alone',
  },
  {
    name: 'a command that is over is not written to the archive',
    breaks: 'exactly-once',
    file: 'src/store/change.ts',
    find: "put(doneKey(id), encodeRecord('done', state));",
    replace: 'void doneKey;',
  },
  // 4: locks.
  {
    name: 'a lock is granted to whoever asks',
    breaks: 'locks',
    file: 'actors/locks/lock-table.ts',
    find: 'if (held.owner !== owner && !compatible(held.mode, mode)) yield held.owner;',
    replace: 'void [held, compatible, mode];',
  },
  {
    name: 'the locks outlive their command',
    breaks: 'locks',
    file: BATCH,
    find: "...(isRoot(step.state) ? heldLocks().map(({ key, owner }): Change => ({ type: 'lockReleased', key, owner })) : []),",
    replace: '',
  },
  {
    name: "a child releases its root's locks",
    breaks: 'locks',
    file: BATCH,
    find: "...(isRoot(step.state) ? heldLocks().map(({ key, owner }): Change => ({ type: 'lockReleased', key, owner })) : []),",
    replace: "...step.state.locks.map(({ key }): Change => ({ type: 'lockReleased', key, owner: step.state.rootId })),",
  },
  {
    name: 'locks are not put on disk',
    breaks: 'locks',
    file: BATCH,
    find: "if (input.event.type === 'locksGranted') changes.push(...lockChanges(input));",
    replace: 'void lockChanges;',
  },
  // 10: determinism.
  {
    name: "the back-off's jitter is drawn from elsewhere",
    breaks: 'determinism',
    file: DURABLE,
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
    file: REQUESTS,
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
];
