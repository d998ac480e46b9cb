import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import type { Scenario } from '../../../sim/scenario/schema.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { broken, finished } from './finished.js';

const SCENARIO = parseScenario(
  `
pool: { id: pool1, clientTaskIds: false }
domains: [{ id: hdd }, { id: ssd }]
vms: [{ id: vm1, host: host2 }]
disks: [{ id: disk1, vm: vm1, domain: hdd, size: 1 GiB }]
commands: [{ id: c1, at: 1s, type: LiveMigrateVmDisks, params: { pool: pool1, vm: vm1, disks: [disk1], targetDomain: ssd } }]
`,
  'test.yaml',
  { vocabulary: BUILT_IN_VOCABULARY },
);

async function run(faults: Scenario['faults'] = [], seed = 1): Promise<RunResult> {
  return finished(await Simulation.create({ ...SCENARIO, faults }, { seed }));
}

describe('a live migration on hosts that make their own task ids', () => {
  it('succeeds', async () => {
    const result = await run();
    expect(broken(result)).toEqual([]);
    expect(result.commands.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  });

  it.each([1, 2, 3])('wherever the engine crashes, nothing is done twice, and all is done (seed %i)', { timeout: 120_000 }, async (seed) => {
    const { events } = await run([], seed);
    for (let i = 0; i < 12; i += 1) {
      const n = 1 + Math.floor(((i + seed / 4) * events) / 12);
      const result = await run([{ kind: 'crashEngine', point: { at: 'event', n }, down: 0 }], seed);
      expect([seed, n, broken(result), result.commands.map(({ status }) => status)]).toEqual([seed, n, [], ['SUCCEEDED', 'SUCCEEDED']]);
    }
  });

  it('wherever the engine crashes around a port operation, nothing is done twice, and all is done', { timeout: 120_000 }, async () => {
    const operations = 90;
    for (let n = 1; n <= operations; n += 7) {
      const result = await run([{ kind: 'crashEngine', point: { at: n % 2 === 0 ? 'before' : 'after', portOperation: n }, down: 0 }]);
      expect([n, broken(result), result.commands.map(({ status }) => status)]).toEqual([n, [], ['SUCCEEDED', 'SUCCEEDED']]);
    }
  });
});
