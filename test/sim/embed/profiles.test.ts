import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { loadScenario, parseScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY as vocabulary } from '../../../sim/scenario/vocabulary.js';
import { PROFILES } from '../../../sim/world/verbs/profile.js';
import { broken, finished } from './finished.js';

const SECOND = 1_000_000;

const MOVE = `
hosts: [{ id: host1, spm: true }]
domains: [{ id: lun1 }, { id: lun2 }]
disks: [{ id: disk1, domain: lun1, size: 10 GiB }]
commands: [{ at: 1s, type: MoveDisk, params: { pool: pool1, disk: disk1, targetDomain: lun2 } }]
`;

/** How long the copy of a disk of 10 GiB takes, µs, by each of ten seeds; ascending. */
async function copyTimes(more: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let seed = 1; seed <= 10; seed += 1) {
    const simulation = await Simulation.create(parseScenario(`${MOVE}\n${more}`, 'move.yaml', { vocabulary }), { seed });
    const told: (Probe & { readonly t: number })[] = [];
    simulation.on('probe', ({ t, probe }) => told.push({ ...probe, t }));
    const run = await finished(simulation);
    expect([seed, broken(run), run.commands.map(({ status }) => status)]).toEqual([seed, [], ['SUCCEEDED']]);
    const [started, ended] = ['hostTaskStarted', 'hostTaskEnded'].map((type) => told.find((probe) => probe.type === type)?.t ?? NaN);
    times.push((ended ?? NaN) - (started ?? NaN));
  }
  return times.sort((a, b) => a - b);
}

describe('a profile', () => {
  it.each(PROFILES.flatMap((profile) => ['live-migration', 'live-snapshot', 'remove-disk-snapshots', 'add-vm-from-template', 'hibernate-vm'].map((name) => [profile, name] as const)))(
    '%s is one that %s gets along with: its outliers break no invariant, and let nothing fail',
    async (profile, name) => {
      for (const seed of [1, 2, 3]) {
        const scenario = await loadScenario(name, { vocabulary, cwd: '.', set: [`profile=${profile}`, 'faults=[]', 'verbs={}'] });
        const run = await finished(await Simulation.create(scenario, { seed }));
        expect([seed, broken(run), new Set(run.commands.map(({ status }) => status))]).toEqual([seed, [], new Set(['SUCCEEDED'])]);
      }
    },
  );

  it('of vdsm 3.x copies in order, a third as fast', async () => {
    const [modern, old] = [await copyTimes('profile: modern'), await copyTimes('profile: vdsm-3.x')];
    const [fast, slow] = [modern[5] ?? NaN, old[5] ?? NaN];
    expect([fast / SECOND < 100, slow / SECOND > 100]).toEqual([true, true]);
  });

  it('says nothing of a verb of which the scenario says something', async () => {
    const times = await copyTimes("profile: vdsm-3.x\nverbs: { copyImage: { latency: 2s, rate: 10240 MiB/s } }");
    expect(new Set(times)).toEqual(new Set([3 * SECOND]));
  });

  it('is one of those that there are', () => {
    expect(() => parseScenario(`${MOVE}\nprofile: vdsm-4`, 'move.yaml', { vocabulary })).toThrow('profile: ');
  });
});

it('volumes are made sooner on storage domains of files', async () => {
  const made = async (type: string): Promise<number> => {
    const text = `
hosts: [{ id: host1, spm: true }]
domains: [{ id: here }, { id: there, type: ${type} }]
vms: [{ id: vm1, host: host1 }]
disks: [{ id: disk1, vm: vm1, domain: here, size: 1 GiB }]
commands: [{ at: 1s, type: LiveMigrateVmDisks, params: { pool: pool1, vm: vm1, disks: [disk1], targetDomain: there } }]
`;
    const simulation = await Simulation.create(parseScenario(text, 'domains.yaml', { vocabulary }), { seed: 1 });
    const told: (Probe & { readonly t: number })[] = [];
    simulation.on('probe', ({ t, probe }) => told.push({ ...probe, t }));
    expect(broken(await finished(simulation))).toEqual([]);
    const clone = told.find((probe) => probe.type === 'hostTaskAccepted' && probe.verb === 'cloneImageStructure');
    const taskId = clone?.type === 'hostTaskAccepted' ? clone.taskId : '';
    const [started, ended] = (['hostTaskStarted', 'hostTaskEnded'] as const).map((type) => told.find((probe) => probe.type === type && probe.taskId === taskId)?.t ?? NaN);
    return (ended ?? NaN) - (started ?? NaN);
  };
  expect(await made('file')).toBeLessThan(await made('block'));
});
