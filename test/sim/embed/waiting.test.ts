import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import type { Trigger } from '../../../sim/scenario/trigger.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { BUILT_IN_COMMANDS } from '../../../src/commands/index.js';
import { broken, finished } from './finished.js';

/** The commands that ship, but for their patience. */
const PATIENT = new Map([...BUILT_IN_COMMANDS].map(([type, definition]) => [type, { ...definition, lockWait: { limitMs: 24 * 3_600_000 } }]));

const migration = (id: string, at: string, targetDomain: string): string =>
  `{ id: ${id}, at: ${at}, type: LiveMigrateVmDisks, params: { pool: pool1, vm: vm1, disks: [disk1], targetDomain: ${targetDomain} } }`;

const SCENARIO = parseScenario(
  `
domains: [{ id: hdd }, { id: ssd }]
vms: [{ id: vm1, host: host2 }]
disks: [{ id: disk1, vm: vm1, domain: hdd, size: 1 GiB }]
# So late that a crash cannot lose the first submission and not the second.
commands: [${migration('there', '1s', 'ssd')}, ${migration('back', '13s', 'hdd')}]
`,
  'test.yaml',
  { vocabulary: BUILT_IN_VOCABULARY },
);

async function run(seed: number, crash: Trigger | null): Promise<RunResult> {
  const faults = crash === null ? [] : [{ kind: 'crashEngine' as const, point: crash, down: 5_000_000 }];
  return finished(await Simulation.create({ ...SCENARIO, faults }, { seed, commands: PATIENT }));
}

const begun = ({ commands }: RunResult, id: string): number => commands.find((command) => command.id === id)?.history[0]?.t ?? 0;
const ended = ({ commands }: RunResult, id: string): number => commands.find((command) => command.id === id)?.history.at(-1)?.t ?? 0;

describe('a migration that waits for the one before it', () => {
  it('moves the disk back when it is there', async () => {
    const result = await run(1, null);
    expect(result.commands.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(begun(result, 'back')).toBeGreaterThan(ended(result, 'there'));
    expect(broken(result)).toEqual([]);
  });

  it.each([1, 2, 3, 4])('wherever the engine crashes, no invariant is broken, and both come to their ends (seed %i)', { timeout: 60_000 }, async (seed) => {
    const { events } = await run(seed, null);
    const points = Array.from({ length: 30 }, (_, i) => 1 + Math.floor(((i + seed / 5) * events) / 30));
    for (const n of points) {
      const result = await run(seed, { at: 'event', n });
      expect([n, broken(result)]).toEqual([n, []]);
      expect([n, result.commands.map(({ status }) => status)]).toEqual([n, ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']]);
    }
  });
});
