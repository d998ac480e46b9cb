import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, test } from 'vitest';
import { repeats } from '../../../sim/embed/repetition.js';
import type { SimulationOptions } from '../../../sim/embed/interface.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';

const scenarioOf = (rest: string) =>
  parseScenario(
    `
domains: [{ id: hdd }, { id: ssd }]
vms: [{ id: vm1, host: host2 }]
disks: [{ id: disk1, vm: vm1, domain: hdd, size: 1 GiB }]
${rest}
`,
    'test.yaml',
    { vocabulary: BUILT_IN_VOCABULARY },
  );
const PARAMS = { pool: 'pool1', vm: 'vm1', disks: ['disk1'], targetDomain: 'ssd' };
const migration = scenarioOf(`commands: [{ id: migrate, type: LiveMigrateVmDisks, params: ${JSON.stringify(PARAMS)} }]`);
const empty = scenarioOf('');

const open: Simulation[] = [];
async function simulation(scenario = migration, options: SimulationOptions = {}): Promise<Simulation> {
  const created = await Simulation.create(scenario, options);
  open.push(created);
  return created;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.dispose();
});

const statuses = (of: Simulation): string[] => of.result().commands.map(({ status }) => status);

describe('a simulation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('with seed %i does not lose a command that is submitted at its very beginning', async (seed) => {
    const one = await simulation(migration, { seed });
    await one.run();
    expect(statuses(one)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  });

  it('runs what is submitted from outside, before and while it runs', async () => {
    const one = await simulation(empty);
    expect(one.submit({ type: 'LiveMigrateVmDisks', params: PARAMS })).toBe('submitted-1');
    await one.advance(1_000_000);
    expect(one.submit({ type: 'LiveMigrateVmDisks', params: PARAMS, id: 'mine' })).toBe('mine');
    await one.run();
    const [first, second] = one.result().commands.filter(({ parentId }) => parentId === null);
    // The first has the locks.
    expect([first?.status, second?.status].sort()).toEqual(['REJECTED', 'SUCCEEDED']);
    expect(one.result().invariants.every(({ held }) => held)).toBe(true);
  });

  it.each([
    ['an unknown type', { type: 'Nothing', params: {} }, 'UNKNOWN_COMMAND_TYPE', 'Nothing'],
    ['params that do not fit', { type: 'LiveMigrateVmDisks', params: { ...PARAMS, disks: [] } }, 'BAD_PARAMS', 'params.disks'],
    ['a malformed id', { type: 'LiveMigrateVmDisks', params: PARAMS, id: 'a/b' }, 'BAD_COMMAND_ID', 'a/b'],
  ])('refuses %s and changes nothing', async (_, command, code, place) => {
    const one = await simulation(empty);
    const before = [one.fingerprint(), one.peek()];
    expect(() => one.submit(command)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(place) as string }) as Error);
    expect([one.fingerprint(), one.peek()]).toEqual(before);
  });

  it('keeps its time: runUntil ends there, again and again, and never goes back', async () => {
    const one = await simulation();
    await one.runUntil(5_000_000);
    expect(one.now).toBe(5_000_000);
    await one.runUntil(5_000_000);
    const before = one.fingerprint();
    await expect(one.runUntil(4_999_999)).rejects.toMatchObject({ code: 'SCHEDULE_IN_PAST' });
    await expect(one.runUntil(5_000_000.5)).rejects.toMatchObject({ code: 'BAD_TIME' });
    expect([one.now, one.fingerprint()]).toEqual([5_000_000, before]);
    await one.run();
    const rested = one.now;
    await one.advance(1_000_000);
    expect(one.now).toBe(rested + 1_000_000);
  });

  it('steps: an event at a time, and none when it is at rest', async () => {
    const one = await simulation();
    expect(one.peek()).toBe(0);
    expect(await one.step()).toBe(1);
    expect(one.events).toBe(1);
    await one.run();
    expect(await one.step(10)).toBe(0);
  });

  it('tells listeners until they are taken away', async () => {
    const one = await simulation();
    const seen: string[] = [];
    const stop = one.on('probe', ({ probe }) => seen.push(probe.type));
    await one.runUntil(9_000_000);
    expect(seen).toContain('commandSubmitted');
    const { length } = seen;
    stop();
    await one.run();
    expect(seen).toHaveLength(length);
  });

  it('of the same seed is the same again; of another seed, another', async () => {
    const [one, other] = [await simulation(migration, { seed: 3 }), await simulation(migration, { seed: 4 })];
    await Promise.all([one.run(), other.run()]);
    expect(other.fingerprint()).not.toBe(one.fingerprint());
    expect(await repeats(migration, { seed: 3 }, one.fingerprint())).toEqual({ name: 'determinism', held: true });
    expect(await repeats(migration, { seed: 3 }, other.fingerprint())).toMatchObject({ held: false, detail: expect.stringContaining(one.fingerprint()) as string });
  });

  it('can be disposed of at any moment, twice, and then does nothing', async () => {
    const one = await simulation();
    await one.step(20);
    await one.dispose();
    await one.dispose();
    await expect(one.run()).rejects.toMatchObject({ code: 'SIMULATION_DISPOSED' });
  });

  it.each([Number.NaN, 0.5, -1])('refuses to step %d events', async (n) => {
    const one = await simulation();
    await expect(one.step(n)).rejects.toMatchObject({ code: 'BAD_TIME' });
    expect(one.events).toBe(0);
  });

  it('ends as broken when it does not come to rest within its limit', async () => {
    const one = await simulation({ ...migration, limit: 3_000_000 });
    await one.run();
    expect(one.result().invariants.filter(({ held }) => !held)).toEqual([expect.objectContaining({ name: 'liveness', detail: expect.stringContaining('not come to rest') as string })]);
  });

  it('refuses a seed that a double does not hold exactly', async () => {
    await expect(Simulation.create(migration, { seed: 2 ** 53 })).rejects.toMatchObject({ code: 'BAD_SCENARIO' });
  });
});

test('the globals of the program around it are not touched', async () => {
  const globals = (): unknown[] => [setImmediate, setTimeout, clearImmediate, clearTimeout, Math.random, Date.now, Date, console.log, process.nextTick];
  const before = globals();
  const one = await simulation();
  await one.run();
  expect(globals().map((value, i) => value === before[i])).toEqual(before.map(() => true));
});

describe('a simulation on a directory', () => {
  it('takes the course that it takes in memory, and leaves a store', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'seatbelt-simulation-'));
    try {
      const crash = { kind: 'crashEngine', point: { at: 'time', us: 9_000_000 }, down: 1_000_000 } as const;
      const scenario = { ...migration, faults: [crash] };
      const [onDisk, inMemory] = [await simulation(scenario, { db: join(directory, 'db') }), await simulation(scenario)];
      await Promise.all([onDisk.run(), inMemory.run()]);
      expect(onDisk.fingerprint()).toBe(inMemory.fingerprint());
      expect(onDisk.result()).toEqual(inMemory.result());
      expect(onDisk.result().recoveries).toBe(1);
      await onDisk.dispose();
      await expect(Simulation.create(scenario, { db: join(directory, 'db') })).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
