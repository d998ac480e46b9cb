import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import type { Scenario } from '../../../sim/scenario/schema.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { broken, finished } from './finished.js';

const SUCCEEDED = ['SUCCEEDED', 'SUCCEEDED'];

/** A live migration whose copy takes most of the time. @param engine settings of it */
function scenario(engine: string, pool = '{ id: pool1 }'): Scenario {
  return parseScenario(
    `
pool: ${pool}
domains: [{ id: hdd }, { id: ssd }]
vms: [{ id: vm1, host: host2 }]
disks: [{ id: disk1, vm: vm1, domain: hdd, size: 1 GiB }]
engine: ${engine}
commands: [{ id: c1, at: 1s, type: LiveMigrateVmDisks, params: { pool: pool1, vm: vm1, disks: [disk1], targetDomain: ssd } }]
`,
    'events.yaml',
    { vocabulary: BUILT_IN_VOCABULARY },
  );
}

const POLLED = scenario('{ pollingRate: 30s }');
/** None of what hosts tell arrives. */
const LOST = { kind: 'dropMessage', op: 'taskEnded', reply: false, does: { what: 'drop' } } as const;
const TOLD = scenario('{ pollingRate: 30s, completionEvents: true }');

interface Run {
  readonly result: RunResult;
  /** From each task's end on its host until its command knew, µs. */
  readonly waits: readonly number[];
}

async function run(of: Scenario, faults: readonly Scenario['faults'][number][] = []): Promise<Run> {
  const simulation = await Simulation.create({ ...of, faults: [...faults] }, { seed: 1 });
  const ended = new Map<string, number>();
  const waits: number[] = [];
  simulation.on('probe', ({ t, probe }) => {
    if (probe.type === 'hostTaskEnded') ended.set(probe.taskId, t);
    if (probe.type === 'taskEnded') waits.push(t - (ended.get(probe.taskId) ?? Number.NaN));
  });
  return { result: await finished(simulation), waits };
}

const statuses = ({ commands }: RunResult): readonly string[] => commands.map(({ status }) => status);

describe('hosts that tell when a task is over', () => {
  it('bring commands to the same end, with less waiting', async () => {
    const [polled, told] = [await run(POLLED), await run(TOLD)];
    expect([broken(told.result), statuses(told.result)]).toEqual([[], statuses(polled.result)]);
    expect(told.waits.length).toBe(polled.waits.length);
    expect(Math.max(...told.waits)).toBeLessThan(1e6);
    expect(Math.max(...polled.waits)).toBeGreaterThan(5e6);
    expect(told.result.virtualTimeMs).toBeLessThan(polled.result.virtualTimeMs);
  });

  it('may be heard by nobody: the next poll finds out', async () => {
    const { result, waits } = await run(TOLD, [LOST]);
    expect([broken(result), statuses(result), result.unused]).toEqual([[], SUCCEEDED, []]);
    expect(Math.max(...waits)).toBeGreaterThan(5e6);
  });

  it('may be heard twice', async () => {
    const twice = { kind: 'duplicateMessage', op: 'taskEnded', reply: false, does: { what: 'duplicate', after: 5_000 } } as const;
    const { result } = await run(TOLD, [twice]);
    expect([broken(result), statuses(result), result.unused]).toEqual([[], SUCCEEDED, []]);
  });

  it('tell only the start of the engine that asked: wherever it crashes, all is done, and once', { timeout: 120_000 }, async () => {
    const { events } = (await run(TOLD)).result;
    for (let n = 5; n < events; n += Math.ceil(events / 40)) {
      for (const down of [0, 15_000_000]) {
        const { result } = await run(TOLD, [{ kind: 'crashEngine', point: { at: 'event', n }, down }]);
        expect([n, down, broken(result), statuses(result)]).toEqual([n, down, [], SUCCEEDED]);
      }
    }
  });

  it('are not asked to where tasks have ids of the hosts: there is another way to say which task is meant', async () => {
    const own = scenario('{ pollingRate: 30s, completionEvents: true }', '{ id: pool1, clientTaskIds: false }');
    const { result } = await run(own, [LOST]);
    expect([broken(result), statuses(result)]).toEqual([[], SUCCEEDED]);
    expect(result.unused).toMatchObject([{ fault: 0 }]);
  });
});
