import { expect, test } from 'vitest';
import { StoreMirror } from '../../../sim/invariants/store-mirror.js';
import { waitsForOthers } from '../../../sim/invariants/waits-for.js';
import { submitted, type CommandState } from '../../../src/flow/state.js';

/** It has the locks that others are said to want of it, and waits for those in `wants`; `runs`: it is at work instead. */
function command(id: string, wants: readonly string[], runs = false): CommandState {
  const locks = wants.map((key) => ({ key, mode: 'exclusive' as const }));
  const state = submitted({ id, type: 'T', version: 1, params: {}, handlers: ['a'], parent: null, rootId: id, locks, lockWait: 'refuse', submittedAt: 0 });
  return runs ? { ...state, status: 'RUNNING', executionIndex: 0, phase: { at: 'work', of: 'step' } } : state;
}

/** @param held by lock, its owner */
function scene(commands: readonly CommandState[], held: { readonly [key: string]: string }) {
  const mirror = new StoreMirror();
  for (const state of commands) mirror.commands.set(state.id, state);
  for (const [key, owner] of Object.entries(held)) mirror.locks.set(`${key}/${owner}`, { key, owner, mode: 'exclusive' });
  return { mirror };
}

test.each<[string, readonly CommandState[], { readonly [key: string]: string }, boolean]>([
  ['one whose lock another has, who is at work', [command('a', ['k']), command('b', [], true)], { k: 'b' }, true],
  ['one whose lock has an owner who waits for a third', [command('a', ['k']), command('b', ['l']), command('c', [], true)], { k: 'b', l: 'c' }, true],
  ['two who have what the other wants', [command('a', ['k']), command('b', ['l'])], { k: 'b', l: 'a' }, false],
  ['three in a circle', [command('a', ['k']), command('b', ['l']), command('c', ['m'])], { k: 'b', l: 'c', m: 'a' }, false],
  ['one who waits for a circle', [command('a', ['k']), command('b', ['l']), command('c', ['m'])], { k: 'b', l: 'c', m: 'b' }, false],
  ['one whose lock nobody has', [command('a', ['k'])], {}, false],
])('%s', (_, commands, held, excused) => {
  const [first] = commands;
  expect(first !== undefined && waitsForOthers(scene(commands, held), first)).toBe(excused);
});
