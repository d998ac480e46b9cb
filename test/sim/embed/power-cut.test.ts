import { describe, expect, it } from 'vitest';
import { begin, goOn } from '../../../sim/embed/run-store.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { loadScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { isTerminal } from '../../../src/flow/state.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import type { OpenDisk } from '../../../src/store/disk.js';
import { cutAt, Disks } from './disks.js';
import { broken, finished } from './finished.js';

const scenarioOf = (name: string, ...set: string[]) => loadScenario(name, { vocabulary: BUILT_IN_VOCABULARY, cwd: '.', set });

it.each(['engine', 'world'] as const)('a run whose %s disk fails under a write stops, and says so; it can be gone on with', async (which) => {
  const disks = { engine: new MemoryDisk(), world: new MemoryDisk() };
  const scenario = await scenarioOf('live-migration');
  const engine = async (): Promise<OpenDisk> => (disks.engine = disks.engine.clone());
  const simulation = await Simulation.on(await begin({ engine, world: disks.world }, { scenario, seed: 1, module: null }));
  await simulation.step(60);
  const failing = disks[which];
  failing.write = () => Promise.reject(new SeatbeltError('STORE_WRITE_FAILED', 'no space is left'));
  await expect(simulation.run()).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED', message: expect.stringMatching(/no space is left/) as string });
  await simulation.dispose();
  disks.world = disks.world.clone();
  expect(broken(await finished(await Simulation.on(await goOn({ engine, world: disks.world }))))).toEqual([]);
});

/** Every so many-th event, so that it takes seconds. With 1, each of the thousand and more places was found to be good. */
const STRIDE = 31;

describe('a run whose power is cut', () => {
  it.each([
    ['live-migration', ['SUCCEEDED SUCCEEDED SUCCEEDED', 'ROLLED_BACK', 'SUCCEEDED ROLLED_BACK SUCCEEDED', 'SUCCEEDED SUCCEEDED ROLLED_BACK', 'ROLLED_BACK ROLLED_BACK ROLLED_BACK']],
    ['live-migration-failure', ['SUCCEEDED SUCCEEDED ROLLED_BACK', 'SUCCEEDED ROLLED_BACK SUCCEEDED', 'ROLLED_BACK', 'ROLLED_BACK ROLLED_BACK ROLLED_BACK']],
  ])('%s: goes on to an end, wherever that was, and all invariants hold', async (name, ends) => {
    const scenario = await scenarioOf(name);
    for (const seed of [1, 2]) {
      const { events, commands } = await finished(await Simulation.create(scenario, { seed }));
      const order = commands.map(({ id }) => id);
      for (let n = seed * 7; n <= events; n += STRIDE) {
        const result = await cutAt(scenario, seed, [n]);
        const where = `seed ${seed}, cut after event ${n}`;
        expect(broken(result), where).toEqual([]);
        expect(result.commands.map(({ id }) => id), where).toEqual(order.slice(0, result.commands.length));
        expect(ends, where).toContain(result.commands.map(({ status }) => status).join(' '));
      }
    }
  }, 60_000);

  it('goes on however often that happens', async () => {
    const scenario = await scenarioOf('live-migration');
    for (const seed of [1, 2, 3, 4]) {
      const result = await cutAt(scenario, seed, Array.from({ length: 12 }, (_, i) => 40 + ((seed * 31 + i * 17) % 60)));
      expect(broken(result), `seed ${seed}`).toEqual([]);
      expect(result.commands.every(({ status }) => isTerminal(status)), `seed ${seed}`).toBe(true);
    }
  });

  it('takes the same course from the same disks', async () => {
    const scenario = await scenarioOf('live-migration');
    const [one, other] = [await cutAt(scenario, 5, [300]), await cutAt(scenario, 5, [300])];
    expect(other).toEqual(one);
  });

  it('does not crash the engine again where a planned crash is behind it', async () => {
    const scenario = await scenarioOf('live-migration', 'faults=[{ crashEngine: { at: 5s, down: 1s } }, { crashEngine: { event: 150, down: 1s } }]');
    const disks = new Disks();
    const before = await Simulation.on(await disks.begin(scenario, 1));
    await before.runUntil(60_000_000);
    expect(before.result().recoveries).toBe(2);
    await before.dispose();
    const after = await Simulation.on(await disks.goOn());
    const crashes: string[] = [];
    after.on('probe', ({ probe }) => {
      if (probe.type === 'engineCrashed') crashes.push(probe.cause);
    });
    expect((await finished(after)).recoveries).toBe(3);
    expect(crashes).toEqual([]);
  });

  it.each([
    ['while nodes are cut off from each other, which ends when it would have', 40e6, [61e6]],
    ['when that is over, and does not cut them off again', 70e6, []],
  ] as const)('goes on %s', async (_, cutUs, ends) => {
    const scenario = await scenarioOf('live-migration', 'faults=[{ partition: { between: [engine, spm], at: 1s, for: 60s } }]', 'commands.0.at=2s');
    const disks = new Disks();
    const before = await Simulation.on(await disks.begin(scenario, 1));
    await before.runUntil(cutUs);
    await before.dispose();
    const after = await Simulation.on(await disks.goOn());
    const [begun, ended, cutOff]: [number[], number[], number[]] = [[], [], []];
    after.on('probe', ({ t, probe }) => {
      if (probe.type === 'partitionBegan') begun.push(t);
      if (probe.type === 'partitionEnded') ended.push(t);
      if (probe.type === 'messageLost' && probe.why === 'partition') cutOff.push(t);
    });
    const result = await finished(after);
    expect([broken(result), begun, ended]).toEqual([[], [], ends]);
    expect(cutOff.every((t) => t < (ends[0] ?? 0))).toBe(true);
    expect(cutOff.length > 0).toBe(ends.length > 0);
    expect(result.commands.every(({ status }) => isTerminal(status))).toBe(true);
    expect(result.unused).toEqual([]);
  });

  it('still crashes it, at the right one, where a planned crash is yet to come', async () => {
    const scenario = await scenarioOf('live-migration', 'faults=[{ crashEngine: { when: { command: LiveMigrateDisk, is: SUCCEEDED, nth: 2 }, down: 1s } }]');
    // Its first command is over, and the others have pivoted: a mirror that goes down with its host would have to be rolled back.
    const disks = new Disks();
    const before = await Simulation.on(await disks.begin(scenario, 1));
    let over = 0;
    before.on('probe', ({ probe }) => {
      if (probe.type === 'statusChanged' && probe.status === 'SUCCEEDED') over += 1;
    });
    while (over === 0) await before.step(1);
    // The world writes down what it has counted when the engine next writes.
    await before.step(20);
    await before.dispose();
    const result = await finished(await Simulation.on(await disks.goOn()));
    expect(result.commands.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(result.recoveries).toBe(2);
  });

  it('still cancels what was to be cancelled, and submits what was to be submitted', async () => {
    const later = { id: 'later', at: '10min', type: 'LiveMigrateVmDisks', params: { pool: 'pool1', vm: 'vm1', disks: ['disk1'], targetDomain: 'hdd' } };
    const scenario = await scenarioOf('live-migration', 'faults=[]', 'commands.0.cancelAt=40s', `commands.1=${JSON.stringify(later)}`);
    const result = await cutAt(scenario, 1, [30, 100]);
    expect(result.commands.find(({ id }) => id === 'migrate')).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'CANCELLED' } });
    expect(result.commands.find(({ id }) => id === 'later')?.history[0]?.t ?? 0).toBeGreaterThan(0);
  });

  it('is over when it is over: nothing happens any more, and the result is the same', async () => {
    const scenario = await scenarioOf('live-migration');
    const disks = new Disks();
    const first = await finished(await Simulation.on(await disks.begin(scenario, 1)));
    const again = await Simulation.on(await disks.goOn());
    const seen: unknown[] = [];
    again.on('event', (event) => seen.push(event));
    expect(await finished(again)).toEqual(first);
    expect(seen).toEqual([]);
  });
});
