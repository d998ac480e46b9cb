import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import { broken, finished } from './finished.js';
import { acts, runOf, spmOf, threeHosts } from './spm-scenario.js';

const SUCCEEDED = [{ status: 'SUCCEEDED' }];

describe('a fence agent', () => {
  it('restarts an SPM that hangs: it is dead at once, and up again when it has booted, long before it would have woken', async () => {
    const seen = await runOf({ fenceAgent: { latency: '5s', boot: '90s' }, faults: [{ hangHost: { at: '10s', host: 'spm', for: '20h' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(acts(seen)).toEqual(['host1 is SPM', 'host1 hangs', 'host1 is to be fenced', 'host1 dies: fenced', 'host2 is Contend', 'host2 is SPM', 'host1 is up']);
    expect(seen.overAt).toBeLessThan(240);
    expect(spmOf(seen)).toEqual(['host2']);
  });

  it('has nothing to do to a host that is dead: another is the SPM long before that is back', async () => {
    const seen = await runOf({ fenceAgent: {}, faults: [{ crashHost: { at: '10s', host: 'spm', down: '30min' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(acts(seen)).toEqual(['host1 is SPM', 'host1 dies: at 10 s', 'host1 is to be fenced', 'host2 is Contend', 'host2 is SPM', 'host1 is up']);
    expect(seen.overAt).toBeLessThan(240);
  });

  it('lets nobody hear what its host was about to answer: the next SPM is offered the same task, answers for it, and the work is done once', async () => {
    const verbs = { work: { kind: 'spm', effect: 'job/${args.id}', latency: '30s', answerLatency: '20s' } } as const;
    const scenario = threeHosts({ verbs, fenceAgent: { latency: '5s', boot: '30s' }, faults: [{ hangHost: { at: '10s', host: 'spm', for: '20h' } }] });
    const simulation = await Simulation.create(scenario, { seed: 1 });
    const acknowledged: (readonly [task: string, host: string])[] = [];
    const accepted: (readonly [task: string, host: string])[] = [];
    simulation.on('probe', ({ probe }) => {
      if (probe.type === 'taskSubmitted') acknowledged.push([probe.taskId, probe.host]);
      if (probe.type === 'hostTaskAccepted') accepted.push([probe.taskId, probe.host]);
    });
    const result = await finished(simulation);
    expect([broken(result), result.unused, result.commands.map(({ status }) => status)]).toEqual([[], [], ['SUCCEEDED']]);
    const [first, second] = accepted;
    expect(accepted.map(([, host]) => host)).toEqual(['host1', 'host2']);
    // The first was taken by the host that died before it could say so, and the one that has rolled it back says so.
    expect(acknowledged).toEqual([[first?.[0], 'host2'], second]);
  });

  it('that fails leaves the pool without an SPM, as in oVirt: nobody knows that the first is dead. It is asked again and again', async () => {
    const seen = await runOf({ fenceAgent: { failureRate: 1 }, faults: [{ crashHost: { at: '10s', host: 'spm', down: '10min' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(seen.story.filter((line) => line.endsWith('is to be fenced')).length).toBeGreaterThan(10);
    expect(seen.story.find((line) => line.endsWith('is Contend'))).toMatch(/^6\d\d /);
    expect(spmOf(seen)).toEqual(['host1']);
  });

  it('does not fail any more when all faults end', async () => {
    const seen = await runOf({ fenceAgent: { failureRate: 1, boot: '30s' }, healAt: '3min', faults: [{ hangHost: { at: '10s', host: 'spm', for: '20h' } }] });
    expect(seen.commands).toMatchObject(SUCCEEDED);
    expect(seen.overAt).toBeLessThan(600);
  });
});
