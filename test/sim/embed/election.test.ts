import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { broken, finished } from './finished.js';

const WITHOUT_SPM = 'hosts: [{ id: host1 }, { id: host2 }, { id: host3 }]';
const COPY = `
disks: [{ id: disk1, domain: domain1, size: 1 GiB }]
verbs: { copyImage: { rate: 50 MiB/s } }
commands: [{ id: c1, at: 1s, type: MoveDisk, params: { pool: pool1, disk: disk1, targetDomain: domain2 } }]
`;

interface Run {
  readonly result: RunResult;
  readonly told: readonly (Probe & { readonly t: number })[];
}

async function run(text: string, seed = 1): Promise<Run> {
  const simulation = await Simulation.create(parseScenario(text, 'election.yaml', { vocabulary: BUILT_IN_VOCABULARY }), { seed });
  const told: (Probe & { t: number })[] = [];
  simulation.on('probe', ({ t, probe }) => told.push({ ...probe, t }));
  return { result: await finished(simulation), told };
}

const statuses = ({ commands }: RunResult): readonly string[] => commands.map(({ status }) => status);
const spms = ({ hosts }: RunResult): readonly string[] => hosts.filter(({ role }) => role === 'SPM').map(({ id }) => id);
const elected = ({ told }: Run): readonly string[] => told.flatMap((probe) => (probe.type === 'spmElected' ? [probe.host] : []));

describe('a pool without an SPM', () => {
  it('gets one, the first of its hosts, and then what waited for it is done', async () => {
    const all = await run(`${WITHOUT_SPM}${COPY}`);
    expect([broken(all.result), statuses(all.result), elected(all), spms(all.result)]).toEqual([[], ['SUCCEEDED'], ['host1'], ['host1']]);
  });

  it('gets another if the first one is down, and has but one if that comes back', async () => {
    const all = await run(`${WITHOUT_SPM}${COPY}faults: [{ crashHost: { at: 0s, host: host1, down: 60s } }]`);
    expect([broken(all.result), elected(all), spms(all.result)]).toEqual([[], ['host2'], ['host2']]);
    // It calls a verb on the first host, too.
    expect(['SUCCEEDED', 'ROLLED_BACK']).toContain(statuses(all.result)[0]);
  });

  it('gets one, wherever the engine crashes while it is elected', { timeout: 120_000 }, async () => {
    const simulation = await Simulation.create(parseScenario(`${WITHOUT_SPM}${COPY}`, 'election.yaml', { vocabulary: BUILT_IN_VOCABULARY }), { seed: 1 });
    let isElected = false;
    simulation.on('probe', ({ probe }) => void (isElected ||= probe.type === 'taskSubmitted'));
    let events = 0;
    while (!isElected && (await simulation.step())) events += 1;
    await simulation.dispose();
    expect(events).toBeGreaterThan(20);
    for (let n = 1; n <= events; n += 1) {
      const { result } = await run(`${WITHOUT_SPM}${COPY}faults: [{ crashEngine: { event: ${n}, down: 1s } }]`);
      expect([n, broken(result), statuses(result), spms(result).length]).toEqual([n, [], ['SUCCEEDED'], 1]);
    }
  });

  it('has none for as long as nobody wants anything of it', async () => {
    const all = await run(`${WITHOUT_SPM}\ncommands: []`);
    expect(broken(all.result)).toEqual([]);
    expect(all.result.virtualTimeMs).toBeLessThan(60_000);
  });
});

describe('an idle pool', () => {
  it.each(['host2', 'spm'])('asks nothing more of anybody though %s is down for a day', async (host) => {
    const { result } = await run(`commands: []\nfaults: [{ crashHost: { at: 5s, host: ${host}, down: 80000s } }]`);
    expect([broken(result), result.unused]).toEqual([[], []]);
    // In 80,000 s the lease is renewed 4,000 times, two events each. A host that is asked every 10 s would be 8,000 questions more.
    expect(result.events).toBeLessThan(9_000);
  });
});

describe('the SPM dies during a copy', () => {
  const CRASH = 'faults: [{ crashHost: { when: { task: copyImage, is: running }, host: spm, down: 1000s } }]';

  it('and is fenced where there is an agent: another takes over as soon as it is known dead', async () => {
    const all = await run(`${COPY}fenceAgent: {}\n${CRASH}`);
    expect([broken(all.result), spms(all.result), all.result.unused]).toEqual([[], ['host2'], []]);
    expect(all.told.filter(({ type }) => type === 'hostFenced')).toHaveLength(1);
    expect(['SUCCEEDED', 'ROLLED_BACK']).toContain(statuses(all.result)[0]);
  });

  it('and storage stands for it where there is none: another takes over when its lease has expired', async () => {
    const all = await run(`${COPY}${CRASH}`);
    expect([broken(all.result), spms(all.result), all.result.unused]).toEqual([[], ['host2'], []]);
    expect(all.told.filter(({ type }) => type === 'hostFenced')).toEqual([]);
    expect(['SUCCEEDED', 'ROLLED_BACK']).toContain(statuses(all.result)[0]);
    const crashed = all.told.find(({ type }) => type === 'hostCrashed')?.t ?? Number.NaN;
    const became = all.told.find((probe) => probe.type === 'spmRoleChanged' && probe.host === 'host2' && probe.role === 'SPM')?.t ?? Number.NaN;
    expect(became - crashed).toBeGreaterThan((140 - 20) * 1e6);
  });
});

describe('more than a pool can take', () => {
  const ids = Array.from({ length: 20 }, (_, i) => i + 1);
  const CROWD = `
hosts: [{ id: host1, spm: true, workers: 2, queue: 3 }, { id: host2 }]
disks: [${ids.map((i) => `{ id: disk${i}, domain: domain1, size: 1 GiB }`).join(', ')}]
commands: [${ids.map((i) => `{ id: c${i}, at: 1s, type: MoveDisk, params: { pool: pool1, disk: disk${i}, targetDomain: domain2 } }`).join(', ')}]
`;

  it('waits in the engine, and all of it is done in turn', async () => {
    const { result, told } = await run(CROWD);
    expect([broken(result), new Set(statuses(result))]).toEqual([[], new Set(['SUCCEEDED'])]);
    let running = 0;
    let most = 0;
    for (const { type } of told) {
      if (type === 'hostTaskStarted') most = Math.max(most, (running += 1));
      if (type === 'hostTaskEnded') running -= 1;
    }
    expect(most).toBe(2);
  });
});
