import { join } from 'node:path';
import type { Probe } from '../../../actors/probe.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { StoreMirror } from '../../../sim/invariants/store-mirror.js';
import type { CommandResult } from '../../../sim/report/result.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { openStoreDirectory } from '../../../src/store/directory.js';
import type { Data } from '../../../src/model/data.js';
import { temporaryDirectory } from '../store/temporary-directory.js';

/** As a scenario file says it. */
interface Scene {
  readonly disks?: readonly string[];
  readonly faults?: readonly unknown[];
  readonly verbs?: { readonly [verb: string]: unknown };
  readonly engine?: { readonly [setting: string]: string };
  readonly params?: { readonly [param: string]: unknown };
}

export interface Migrated {
  readonly parent: CommandResult;
  /** The commands that move one disk each, in the order of the disks. */
  readonly children: readonly CommandResult[];
  /** What hosts did, in order: `syncImageData`, or with the code that it ended with, `syncImageData 261`. Looking is left out. */
  readonly verbs: readonly string[];
  /** The engine's records at the end. */
  readonly entity: (key: string) => Data | undefined;
  /** Callbacks that were committed, as `compensate 0 ok`. */
  readonly history: (command: CommandResult | undefined) => readonly string[];
  /** Names of the invariants that are broken. */
  readonly broken: readonly string[];
}

/** Moves the disks of vm1, which runs on host2, from domain hdd to domain ssd, and runs until nothing is left to do. */
export async function migrate({ disks = ['d1'], faults = [], verbs = {}, engine = {}, params = {} }: Scene = {}): Promise<Migrated> {
  const scenario = parseScenario(
    JSON.stringify({
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
    }),
    'migration.json',
    { vocabulary: BUILT_IN_VOCABULARY },
  );
  const db = join(await temporaryDirectory(), 'db');
  const simulation = await Simulation.create(scenario, { db });
  const done: string[] = [];
  const record = verbRecorder(done);
  simulation.on('probe', ({ probe }) => record(probe));
  try {
    await simulation.run();
  } finally {
    await simulation.dispose();
  }
  const result = simulation.result();
  const parent = result.commands.find(({ id }) => id === 'move');
  if (parent === undefined) throw new Error('there is no such command');
  const disk = await openStoreDirectory(db);
  const { entities } = new StoreMirror(await disk.scan(''));
  await disk.close();
  return {
    parent,
    children: result.commands.filter(({ parentId }) => parentId === 'move'),
    verbs: done,
    entity: (key) => entities.get(key)?.value,
    history: (command) => (command?.history ?? []).map(({ callback, index, outcome }) => `${callback} ${index} ${outcome}`),
    broken: result.invariants.filter(({ held }) => !held).map(({ name, detail }) => `${name}: ${detail ?? ''}`),
  };
}

function verbRecorder(done: string[]): (probe: Probe) => void {
  const names = new Map<string, string>();
  const add = (verb: string, code: number): void => void done.push(code === 0 ? verb : `${verb} ${code}`);
  return (probe) => {
    if (probe.type === 'hostTaskAccepted') names.set(probe.taskId, probe.verb);
    if (probe.type === 'hostTaskEnded') add(names.get(probe.taskId) ?? '?', probe.code);
    if (probe.type === 'hostCall' && !probe.repeated && probe.verb !== 'getVmDisk') add(probe.verb, probe.code);
  };
}
