import { afterEach, describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import { loadScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';

const open: Simulation[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.dispose();
});

async function migration(...set: readonly string[]): Promise<Simulation> {
  const scenario = await loadScenario('live-migration', { vocabulary: BUILT_IN_VOCABULARY, cwd: '.', set });
  const simulation = await Simulation.create(scenario, { seed: 1 });
  open.push(simulation);
  return simulation;
}

async function ended(simulation: Simulation): Promise<{ statuses: string[]; answers: string[]; broken: string[] }> {
  const answers: string[] = [];
  simulation.on('probe', ({ probe }) => {
    if (probe.type === 'cancelAnswered') answers.push(probe.answer);
  });
  await simulation.run();
  const { commands, invariants } = simulation.result();
  return { statuses: commands.map(({ status }) => status), answers, broken: invariants.filter(({ held }) => !held).map(({ name }) => name) };
}

describe('a live migration that is cancelled', () => {
  it.each([
    ['while its snapshot is taken', '1200ms', ['ROLLED_BACK']],
    ['while its disks are copied', '60s', ['ROLLED_BACK', 'ROLLED_BACK', 'ROLLED_BACK']],
    ['while its engine is down', '40s', ['ROLLED_BACK', 'ROLLED_BACK', 'ROLLED_BACK']],
  ])('%s undoes itself', async (_, at, statuses) => {
    expect(await ended(await migration(`commands.0.cancelAt=${at}`))).toEqual({ statuses, answers: ['accepted'], broken: [] });
  });

  it('behind the pivot goes on, and the disks are moved', async () => {
    const simulation = await migration('commands.0.cancelAt=175s');
    expect(await ended(simulation)).toEqual({ statuses: ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'], answers: ['accepted'], broken: [] });
  });

  it('from outside, and once more when it is over', async () => {
    const simulation = await migration();
    await simulation.runUntil(60_000_000);
    simulation.cancel('migrate');
    expect((await ended(simulation)).answers).toEqual(['accepted']);
    simulation.cancel('migrate');
    const second = await ended(simulation);
    expect(second.answers).toEqual(['accepted']);
    expect(second.statuses).toEqual(['ROLLED_BACK', 'ROLLED_BACK', 'ROLLED_BACK']);
  });

  it('too late is told so, and nothing changes', async () => {
    const simulation = await migration();
    await simulation.run();
    simulation.cancel('migrate');
    simulation.cancel('nobody');
    const { statuses, answers } = await ended(simulation);
    expect(statuses).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect([...answers].sort()).toEqual(["command 'migrate' cannot be cancelled: it is SUCCEEDED", "there is no command 'nobody'"]);
  });

  it('cannot be cancelled before it is submitted', async () => {
    await expect(migration('commands.0.cancelAt=500ms')).rejects.toMatchObject({ code: 'BAD_SCENARIO', message: expect.stringContaining('must be later than at') as string });
  });
});
