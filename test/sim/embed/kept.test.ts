import { expect, it } from 'vitest';
import { z } from 'zod';
import { createInMemory } from '../../../sim/embed/run-store.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { Watcher } from '../../../sim/invariants/invariant.js';
import { INVARIANTS } from '../../../sim/invariants/monitor.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { defineCommand } from '../../../src/model/command.js';
import { broken } from './finished.js';

const params = z.strictObject({ thing: z.string(), fails: z.boolean() });
type Params = z.output<typeof params>;
const task = (verb: string, thing: string) => ({ verb, args: { thing }, pool: 'pool1' });

const Child = defineCommand({ type: 'Child', params })
  .step({ name: 'made', createTask: ({ params: { thing } }) => task('make', thing), probe: () => 'cannotTell', endWithFailure: () => undefined, compensate: ({ params: { thing } }) => task('unmake', thing) })
  .build();

/** Makes two things by tasks, one of them in a child, and one by a call; or undoes that. */
const Maker = defineCommand({ type: 'Maker', params, locks: ({ thing }: Params) => [{ key: `lock/${thing}`, mode: 'exclusive' }] })
  .step({ name: 'called', beforeTask: async ({ call, params: { thing } }) => void (await call('host1', 'grow', { thing: `${thing}-grown` })), compensate: async ({ call, params: { thing } }) => void (await call('host1', 'shrink', { thing: `${thing}-grown` })) })
  .step({ name: 'children', beforeTask: ({ startChild, params: { thing, fails } }) => void startChild({ type: 'Child', params: { thing: `${thing}-of-child`, fails } }), compensate: () => undefined })
  .step({
    name: 'last',
    createTask: ({ params: { thing, fails } }) => task(fails ? 'check' : 'make', thing),
    retry: { attempts: 2, backoffMs: 1000, maxBackoffMs: 1000 },
    endWithFailure: () => undefined,
    compensate: ({ params: { thing } }) => task('unmake', thing),
  })
  .build();

const COMMANDS = new Map([Child, Maker].map((definition) => [definition.type, definition]));

const scenarioOf = (clientTaskIds: boolean, duplication: number) =>
  parseScenario(
    JSON.stringify({
      pools: [{ id: 'pool1', clientTaskIds }],
      engine: { retention: { keepFor: '60s' } },
      network: { duplication },
      verbs: {
        grow: { kind: 'hsm', effect: 'thing/${args.thing}', latency: '1s' },
        shrink: { kind: 'hsm', reverses: 'thing/${args.thing}', latency: '1s' },
        make: { kind: 'spm', effect: 'thing/${args.thing}', latency: '2s' },
        unmake: { kind: 'spm', reverses: 'thing/${args.thing}', latency: '2s' },
        check: { kind: 'spm', args: ['thing'], effectFree: true, outcomes: ['fails 100'] },
      },
    }),
    'kept.json',
    { vocabulary: vocabularyOf(COMMANDS) },
  );

const ROUNDS = 10;
const A_ROUND = 30;
/** Events of a round after each 50 of which it is counted. */
const SOME = 1000;
/** Who keep something of commands that work on no disk. */
const WHO = ['liveness', 'callback-order', 'at-rest', 'truth'];

it.each<[what: string, clientTaskIds: boolean, duplication: number]>([
  ['hosts that take the ids of tasks, over a network that repeats a fifth of all messages', true, 0.2],
  ['hosts that make their own', false, 0],
])('of 300 commands, a third of them rolled back, the invariants keep no more than of 30, when the engine keeps nothing of them any more: %s', async (_, clientTaskIds, duplication) => {
  const watchers = new Map<string, Watcher>();
  const watched = INVARIANTS.map((invariant) => ({
    ...invariant,
    watch: (...args: Parameters<typeof invariant.watch>) => {
      const watcher = invariant.watch(...args);
      watchers.set(invariant.name, watcher);
      return watcher;
    },
  }));
  const simulation = await Simulation.on(await createInMemory({ scenario: scenarioOf(clientTaskIds, duplication), seed: 1, module: null }), COMMANDS, watched);
  const kept = (): Record<string, number> => Object.fromEntries([...watchers].map(([name, watcher]) => [name, watcher.kept?.() ?? 0]));
  const most: Record<string, number> = {};
  const afterwards: Record<string, number>[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let n = 0; n < A_ROUND; n += 1) simulation.submit({ id: `c${round}-${n}`, type: 'Maker', params: { thing: `t${round}-${n}`, fails: n % 3 === 0 } });
      for (let events = 0; events < SOME; events += 50) {
        await simulation.step(50);
        for (const [name, n] of Object.entries(kept())) most[name] = Math.max(n, most[name] ?? 0);
      }
      await simulation.run();
      await simulation.advance(600_000_000);
      afterwards.push(kept());
    }
    expect(broken(simulation.result())).toEqual([]);
  } finally {
    await simulation.dispose();
  }
  expect(WHO.filter((name) => most[name] === 0)).toEqual([]);
  // A client may yet be told how the last ones have ended.
  const nothing = Object.fromEntries([...watchers.keys()].filter((name) => name !== 'truth').map((name) => [name, 0]));
  for (const [round, { truth = NaN, ...counts }] of afterwards.entries()) {
    expect([round, counts]).toEqual([round, nothing]);
    expect(truth).toBeLessThanOrEqual(afterwards[0]?.['truth'] ?? NaN);
  }
});
