import { describe, expect, test } from 'vitest';
import { play } from './play.js';

type Asked = { readonly type: string; readonly params: object };

const RUN: Asked = { type: 'RunVm', params: { vm: 'vm1' } };
const HIBERNATE: Asked = { type: 'HibernateVm', params: { vm: 'vm1', domain: 'hdd' } };
const SNAPSHOT: Asked = { type: 'CreateAllSnapshotsFromVm', params: { vm: 'vm1', disks: ['d1'] } };
const MIGRATE: Asked = { type: 'LiveMigrateVmDisks', params: { vm: 'vm1', disks: ['d1'], targetDomain: 'ssd' } };
const MOVE: Asked = { type: 'MoveDisk', params: { disk: 'd1', targetDomain: 'ssd' } };
const REMOVE: Asked = { type: 'RemoveImage', params: { disk: 'd1' } };
const MERGE: Asked = { type: 'RemoveDiskSnapshots', params: { disk: 'd1', snapshots: ['s1', 's2'] } };
const ALL = [RUN, HIBERNATE, SNAPSHOT, MIGRATE, MOVE, REMOVE, MERGE];
const COLD = [MOVE, REMOVE, MERGE];

/** How much later the second begins, ms. */
const SHIFTS = [0, 10, 200, 5_000];
const FIRST = 1_000;

const pairs = ALL.flatMap((first) => ALL.filter((second) => second !== first).map((second) => ({ first, second })));

/** Both on one VM and its disk. */
async function together(state: 'up' | 'down', first: Asked, second: Asked, shift: number) {
  const command = (id: string, at: number, { type, params }: Asked) => ({ at: `${at}ms`, id, type, params: { pool: 'pool1', ...params } });
  return play({
    domains: [{ id: 'hdd' }, { id: 'ssd' }],
    vms: [{ id: 'vm1', host: 'host2', state }],
    disks: [{ id: 'd1', vm: 'vm1', domain: 'hdd', size: '1 GiB', snapshots: ['s1', 's2'] }],
    commands: [command('first', FIRST, first), command('second', FIRST + shift, second)],
  });
}

describe.each(['up', 'down'] as const)('of a VM that is %s', (state) => {
  test.each(pairs)('$first.type and $second.type leave each other what they work on', async ({ first, second }) => {
    for (const shift of SHIFTS) {
      const { broken } = await together(state, first, second, shift);
      expect({ shift, broken }).toEqual({ shift, broken: [] });
    }
  });
});

test.each(COLD.flatMap((cold) => [0, 10, 200].map((shift) => ({ cold, shift }))))('$cold.type, and RunVm $shift ms later: only one of them goes on', async ({ cold, shift }) => {
  const runs = await Promise.all([together('down', cold, RUN, shift), together('down', RUN, cold, shift)]);
  for (const { commands } of runs) expect(commands.map(({ status }) => status).toSorted()).toEqual(['ROLLED_BACK', 'SUCCEEDED']);
});
