import { expect, test } from 'vitest';
import { defineScenario, Simulation } from '../../../sim/index.js';

/** One for each of so many pools, `p1` and on. */
function ofEach<T>(pools: number, one: (pool: string) => T): T[] {
  return Array.from({ length: pools }, (_, i) => one(`p${i + 1}`));
}

type Faults = NonNullable<Parameters<typeof defineScenario>[0]['faults']>;

const SOMETHING_FAILS: Faults = [{ failTask: { verb: 'syncImageData', match: { disk: 'p2-disk' }, code: 261 } }, { crashEngine: { at: '20s' } }];

/** Pools side by side, each with three hosts, two domains, a VM, and a live migration of its disk. */
function sideBySide(pools: number, { target = (pool: string) => `${pool}-ssd`, faults = SOMETHING_FAILS } = {}) {
  return defineScenario({
    pools: ofEach(pools, (pool) => ({ id: pool })),
    hosts: ofEach(pools, (pool) => [1, 2, 3].map((n) => ({ id: `${pool}-host${n}`, pool, spm: n === 2 }))).flat(),
    domains: ofEach(pools, (pool) => ['hdd', 'ssd'].map((kind) => ({ id: `${pool}-${kind}`, pool }))).flat(),
    vms: ofEach(pools, (pool) => ({ id: `${pool}-vm`, host: `${pool}-host1` })),
    disks: ofEach(pools, (pool) => ({ id: `${pool}-disk`, vm: `${pool}-vm`, domain: `${pool}-hdd`, size: '1 GiB' })),
    commands: ofEach(pools, (pool) => ({
      id: `move-${pool}`,
      type: 'LiveMigrateVmDisks',
      params: { pool, vm: `${pool}-vm`, disks: [`${pool}-disk`], targetDomain: target(pool) },
    })),
    faults,
  });
}

test('twenty pools side by side: each runs its own tasks on its own SPM, and what fails in one is nothing to the others', async () => {
  const simulation = await Simulation.create(sideBySide(20), { seed: 1 });
  await simulation.run();
  const { commands, tasks, hosts, invariants, unused } = simulation.result();
  await simulation.dispose();
  expect([invariants.filter(({ held }) => !held), unused]).toEqual([[], []]);
  const statuses = commands.filter(({ parentId }) => parentId === null).map(({ id, status }) => [id, status] as const);
  expect(Object.fromEntries(statuses)).toEqual(Object.fromEntries(ofEach(20, (pool) => [`move-${pool}`, pool === 'p2' ? 'ROLLED_BACK' : 'SUCCEEDED'] as const)));
  expect(new Set(tasks.map(({ commandId, host }) => `${commandId.split('!')[0]} ${host}`))).toEqual(new Set(ofEach(20, (pool) => `move-${pool} ${pool}-host2`)));
  expect(hosts.slice(0, 4)).toEqual([
    { id: 'p1-host1', pool: 'p1', role: 'Free', up: true },
    { id: 'p1-host2', pool: 'p1', role: 'SPM', up: true },
    { id: 'p1-host3', pool: 'p1', role: 'Free', up: true },
    { id: 'p2-host1', pool: 'p2', role: 'Free', up: true },
  ]);
});

test('a disk is not moved to a storage domain of another pool: no host there knows it (358), and nothing is left', async () => {
  const simulation = await Simulation.create(sideBySide(2, { target: () => 'p2-ssd', faults: [] }), { seed: 1 });
  await simulation.run();
  const { commands, invariants } = simulation.result();
  await simulation.dispose();
  expect(invariants.filter(({ held }) => !held)).toEqual([]);
  expect(commands.filter(({ parentId }) => parentId === null).map(({ id, status }) => [id, status])).toEqual([['move-p1', 'ROLLED_BACK'], ['move-p2', 'SUCCEEDED']]);
  expect(commands.find(({ parentId }) => parentId === 'move-p1')).toMatchObject({ status: 'ROLLED_BACK', error: { hostCode: 358 } });
});
