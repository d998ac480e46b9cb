import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import type { SeenCommits } from '../../../actors/wire.js';
import { operateRun } from '../../../sim/embed/operate-run.js';
import { lostCommits, OlderStore } from '../../../sim/embed/older-store.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { loadScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { isHeld } from '../../../src/flow/state.js';
import { FIRST_HEAD, type StoreHead } from '../../../src/store/records.js';
import type { OperatorAction } from '../../../src/model/operator.js';
import { broken, finished } from './finished.js';

// A run in a directory whose engine's store is put back from a copy, while the world around it has gone on.

type Moment = 'before the command' | 'a command' | 'a task' | 'a task on its host' | 'children' | 'tasks of children';

const MOMENTS: { readonly [M in Moment]: (probe: Probe) => boolean } = {
  'before the command': ({ type }) => type === 'engineRecovered',
  'a command': ({ type }) => type === 'commandSubmitted',
  'a task': ({ type }) => type === 'taskPlaced',
  'a task on its host': ({ type }) => type === 'taskSubmitted',
  children: (probe) => probe.type === 'commandSubmitted' && probe.parentId !== null,
  'tasks of children': (probe) => probe.type === 'taskSubmitted' && probe.taskId.includes('!'),
};

let db: string;

beforeEach(async () => {
  db = join(await mkdtemp(join(tmpdir(), 'seatbelt-older-')), 'store');
});

afterEach(() => rm(join(db, '..'), { recursive: true }));

async function load(scenario: string) {
  const loaded = await loadScenario(scenario, { vocabulary: BUILT_IN_VOCABULARY, cwd: process.cwd() });
  return { ...loaded, faults: loaded.faults.filter(({ kind }) => kind !== 'crashEngine') };
}

/** Runs a scenario to its end, and puts back the engine's store as it was at this moment of it. @returns the last commit that hosts have seen */
async function putBack(scenario: string, moment: Moment): Promise<SeenCommits> {
  const [engine, copy] = [join(db, 'engine'), join(db, '..', 'copy')];
  const first = await Simulation.create(await load(scenario), { db });
  let come = false;
  first.on('probe', ({ probe }) => void (come ||= MOMENTS[moment](probe)));
  while (!come) expect(await first.step()).toBe(1);
  await first.dispose();
  await cp(engine, copy, { recursive: true });
  expect(broken(await finished(await Simulation.resume(db)))).toEqual([]);
  await rm(engine, { recursive: true });
  await cp(copy, engine, { recursive: true });
  return (await refusal()).seen;
}

async function refusal(acceptOlderStore?: SeenCommits): Promise<OlderStore> {
  const refused = await Simulation.resume(db, acceptOlderStore === undefined ? {} : { acceptOlderStore }).catch((error: unknown) => error);
  if (refused instanceof OlderStore) return refused;
  throw new Error(`it was not refused: ${String(refused)}`);
}

/** Goes on, and acts on all that is held, children first, until nothing is. */
async function decided(action: OperatorAction): Promise<RunResult> {
  const simulation = await Simulation.resume(db);
  try {
    await simulation.run();
    for (let acts = 0; acts < 20; acts += 1) {
      const held = simulation.result().commands.findLast(({ status, heldBy }) => isHeld(status) && heldBy?.code !== 'CHILD_HELD');
      if (held === undefined) break;
      await simulation.operate(held.id, { action });
      await simulation.run();
    }
    return simulation.result();
  } finally {
    await simulation.dispose();
  }
}

const over = ({ commands }: RunResult) => [...new Set(commands.map(({ status }) => status))];

it('is refused with the numbers that an operator has to name, for those alone he has seen; nothing changes', async () => {
  const seen = await putBack('live-migration', 'a task');
  expect(seen.commitSeq).toBeGreaterThan(20);
  const another = { ...seen, commitSeq: seen.commitSeq - 1 };
  const refusals = [await refusal(), await refusal(another), await refusal({ ...seen, incarnation: 7 })];
  expect(new Set(refusals.map(({ message }) => message)).size).toBe(1);
  expect(refusals[0]).toMatchObject({ code: 'STORE_ROLLED_BACK', seen, message: expect.stringMatching(/older copy: it ends with commit \d+ of incarnation 1, and hosts have seen commit \d+ of incarnation 2/) as string });
  await expect(operateRun(db, 'migrate', { action: 'abandon' }, async () => [])).rejects.toThrow(OlderStore);
  expect((await refusal()).message).toBe(refusals[0]?.message);
});

it.each([{ commitSeq: 3 }, { commitSeq: 1.5, incarnation: 1 }, { commitSeq: -1, incarnation: 1 }, 41, '41.3', null])('a decision that names no commit is refused: %j', async (decision) => {
  await expect(Simulation.resume(db, { acceptOlderStore: decision as never })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

it('a store that is not older is not touched by a decision', async () => {
  expect(broken(await finished(await Simulation.create(await load('live-migration'), { db })))).toEqual([]);
  const result = await finished(await Simulation.resume(db, { acceptOlderStore: { commitSeq: 9, incarnation: 1 } }));
  expect(over(result)).toEqual(['SUCCEEDED']);
});

describe.each(['live-migration', 'live-migration-failure'])('%s, accepted as it was', (scenario) => {
  it.each<[Moment, OperatorAction]>([
    ['a command', 'abandon'],
    ['a command', 'retry'],
    ['a task', 'abandon'],
    ['a task', 'retry'],
    ['a task on its host', 'abandon'],
    ['a task on its host', 'retry'],
    ['tasks of children', 'abandon'],
    ['tasks of children', 'retry'],
    ['children', 'abandon'],
    ['children', 'retry'],
  ])('with %s: is parked, and comes to an end when an operator says %s; all invariants hold that can', async (moment, action) => {
    const acceptOlderStore = await putBack(scenario, moment);
    const parked = await finished(await Simulation.resume(db, { acceptOlderStore }));
    expect([over(parked), broken(parked)]).toEqual([['PARKED'], []]);
    expect(new Set(parked.commands.map(({ heldBy }) => heldBy?.code))).toEqual(new Set(['STORE_ROLLED_BACK']));
    const end = await decided(action);
    expect(broken(end)).toEqual([]);
    const ends = action === 'abandon' ? ['CLOSED_BY_OPERATOR'] : ['SUCCEEDED', 'ROLLED_BACK'];
    expect(over(end).filter((status) => !ends.includes(status))).toEqual([]);
  });

  it('before the command: it is not known any more, and may be submitted again under its id', async () => {
    const acceptOlderStore = await putBack(scenario, 'before the command');
    const simulation = await Simulation.resume(db, { acceptOlderStore });
    await simulation.run();
    expect(simulation.result().commands).toEqual([]);
    simulation.submit({ id: 'migrate', type: 'LiveMigrateVmDisks', params: (await load(scenario)).commands[0]?.params });
    const end = await finished(simulation);
    expect(broken(end)).toEqual([]);
    expect(end.commands.find(({ id }) => id === 'migrate')?.status).toMatch(/^(SUCCEEDED|ROLLED_BACK)$/);
    expect(end.tasks.filter(({ id }) => id.includes(`e${acceptOlderStore.commitSeq + 1}`))).not.toEqual([]);
  });
});

describe('to hosts that have seen commit 41 of incarnation 3', () => {
  const seen = { commitSeq: 41, incarnation: 3 };
  const judged = (head: Partial<StoreHead>, decision?: SeenCommits) =>
    lostCommits({ find: () => ({ ...seen, life: '3.1' }) }, 's', { ...FIRST_HEAD, ...head }, decision);

  it.each<[string, Partial<StoreHead>]>([
    ['has fewer commits', { commitSeq: 40 }],
    ['has been refused, whatever its engine had committed by then', { commitSeq: 90, refused: seen }],
  ])('a store that %s is older, and goes on by a decision alone', (_, head) => {
    expect(() => judged(head)).toThrow(OlderStore);
    expect(() => judged(head, { ...seen, commitSeq: 39 })).toThrow(OlderStore);
    expect(judged(head, seen)).toEqual(seen);
  });

  it('another is not, whatever an operator says', () => {
    expect([judged({ commitSeq: 41 }), judged({ commitSeq: 90 }, seen)]).toEqual([null, null]);
  });
});
