import { describe, expect, it } from 'vitest';
import { builtInNames } from '../../../sim/scenario/builtin.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { builtInScenarios, loadScenario } from '../../../sim/scenario/load.js';

describe('the built-in scenarios', () => {
  it('fit the commands that ship, are named as their files, and say what they show', async () => {
    const scenarios = await builtInScenarios(BUILT_IN_VOCABULARY);
    expect(scenarios.map(({ name }) => name)).toEqual(await builtInNames());
    for (const { description } of scenarios) expect(description).not.toBe('');
  });

  it('include a live migration of two disks whose engine crashes during the second copy', async () => {
    const scenario = await loadScenario('live-migration', { vocabulary: BUILT_IN_VOCABULARY, cwd: '/' });
    expect(scenario.commands[0]).toMatchObject({ type: 'LiveMigrateVmDisks', params: { disks: ['disk1', 'disk2'] } });
    expect(scenario.faults).toEqual([
      { kind: 'crashEngine', point: { at: 'condition', condition: { of: 'task', verb: 'syncImageData', is: 'running', nth: 2 } }, down: 20_000_000 },
    ]);
  });

  it('can be changed from outside', async () => {
    const options = { vocabulary: BUILT_IN_VOCABULARY, cwd: '/', set: ['commands.0.params.disks=[disk1]'] };
    const scenario = await loadScenario('live-migration', options);
    expect(scenario.commands[0]?.params).toMatchObject({ disks: ['disk1'] });
  });
});
