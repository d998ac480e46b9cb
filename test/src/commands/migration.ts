import type { CommandResult } from '../../../sim/report/result.js';
import { play, type Played } from './play.js';

/** As a scenario file says it. */
interface Scene {
  readonly disks?: readonly string[];
  readonly faults?: readonly unknown[];
  readonly verbs?: { readonly [verb: string]: unknown };
  readonly engine?: { readonly [setting: string]: string };
  readonly params?: { readonly [param: string]: unknown };
}

export interface Migrated extends Played {
  readonly parent: CommandResult;
  /** The commands that move one disk each, in the order of the disks. */
  readonly children: readonly CommandResult[];
}

/** Moves the disks of vm1, which runs on host2, from domain hdd to domain ssd, and runs until nothing is left to do. */
export async function migrate({ disks = ['d1'], faults = [], verbs = {}, engine = {}, params = {} }: Scene = {}): Promise<Migrated> {
  const played = await play({
    domains: [{ id: 'hdd' }, { id: 'ssd' }],
    vms: [
      { id: 'vm1', host: 'host2' },
      { id: 'vm2', host: 'host2' },
    ],
    disks: [...disks.map((id) => ({ id, vm: 'vm1', domain: 'hdd', size: '1 GiB' })), { id: 'other', vm: 'vm2', domain: 'hdd', size: '1 GiB' }],
    commands: [{ at: '1s', id: 'move', type: 'LiveMigrateVmDisks', params: { pool: 'pool1', vm: 'vm1', disks, targetDomain: 'ssd', ...params } }],
    faults,
    verbs,
    engine,
  });
  return { ...played, parent: played.command('move'), children: played.commands.filter(({ parentId }) => parentId === 'move') };
}
