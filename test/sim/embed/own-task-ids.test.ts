import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import { parseScenario } from '../../../sim/scenario/load.js';
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

describe('a live migration on hosts that make their own task ids', () => {
  it('succeeds', async () => {
    const result = await finished(await Simulation.create(SCENARIO, { seed: 1 }));
    expect(broken(result)).toEqual([]);
    expect(result.commands.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  });
});
