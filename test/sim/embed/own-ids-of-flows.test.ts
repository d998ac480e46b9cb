import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { builtInFile, builtInNames } from '../../../sim/scenario/builtin.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import type { Fault, Scenario } from '../../../sim/scenario/schema.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { broken, finished } from './finished.js';

const LATE = 120_000;

/** The flows of the built-in scenarios, on hosts that make their own task ids. */
const FLOWS = await Promise.all(
  (await builtInNames()).map(async (name): Promise<readonly [string, Scenario]> => {
    const scenario = parseScenario(await readFile(await builtInFile(name), 'utf8'), `${name}.yaml`, { vocabulary: BUILT_IN_VOCABULARY });
    return [name, { ...scenario, pools: scenario.pools.map((pool) => ({ ...pool, clientTaskIds: false })) }];
  }),
);

async function run(scenario: Scenario, ...faults: readonly Fault[]): Promise<RunResult> {
  return finished(await Simulation.create({ ...scenario, faults }, { seed: 1 }));
}

const lost = (nth: number, reply: boolean): Fault => ({ kind: 'dropMessage', op: 'submitTask', reply, nth, does: { what: 'drop' } });
const twice = (nth: number): Fault => ({ kind: 'duplicateMessage', op: 'submitTask', reply: false, nth, does: { what: 'duplicate', after: 1_000_000 } });

const statuses = ({ commands }: RunResult): readonly string[] => [...new Set(commands.map(({ status }) => status))].sort();

/** All that has to be so whatever happens: no invariant is broken, and every command has ended, done or undone. */
function expectInOrder(what: string, result: RunResult): void {
  expect([what, broken(result)]).toEqual([what, []]);
  expect([what, statuses(result).filter((status) => status !== 'SUCCEEDED' && status !== 'ROLLED_BACK')]).toEqual([what, []]);
}

describe.each(FLOWS)('%s, on hosts that make their own task ids', (_, scenario) => {
  it('succeeds whichever submission is lost, or whichever reply to one: but for what is copied, of which no host can tell how far it came', { timeout: LATE }, async () => {
    const { tasks } = await run(scenario);
    expect(tasks.length).toBeGreaterThan(0);
    for (const [i, { verb }] of tasks.entries()) {
      for (const reply of [true, false]) {
        const result = await run(scenario, lost(i + 1, reply));
        expectInOrder(`submission ${i + 1}`, result);
        const mayFail = verb === 'downloadImage' || (verb === 'copyImage' && reply);
        expect([i + 1, verb, reply, statuses(result).filter((status) => status !== 'SUCCEEDED' && !mayFail)]).toEqual([i + 1, verb, reply, []]);
      }
    }
  });

  it('is done or undone whichever submission arrives twice', { timeout: LATE }, async () => {
    const { tasks } = await run(scenario);
    for (let n = 1; n <= tasks.length; n += 1) expectInOrder(`submission ${n} comes twice`, await run(scenario, twice(n)));
  });

  it('is done or undone when it is cancelled while nobody has answered', { timeout: LATE }, async () => {
    const { tasks } = await run(scenario);
    for (const cancelAt of [200, 240].map((s) => s * 1e6)) {
      const commands = scenario.commands.map((command) => (command.at < cancelAt ? { ...command, cancelAt } : command));
      for (let n = 1; n <= tasks.length; n += 2) expectInOrder(`cancelled at ${cancelAt} µs, reply ${n} lost`, await run({ ...scenario, commands }, lost(n, true)));
    }
  });

  it('is done or undone when what goes wrong in the scenario does', { timeout: LATE }, async () => {
    expectInOrder('its faults', await run(scenario, ...scenario.faults));
  });

  it.each<[string, (point: Extract<Fault, { kind: 'crashHost' }>['point']) => Fault]>([
    ['dies', (point) => ({ kind: 'crashHost', host: { spmOf: null }, down: null, point })],
    ['hangs for a moment', (point) => ({ kind: 'hangHost', host: { spmOf: null }, for: 30e6, point })],
    ['hangs for longer than messages are good for', (point) => ({ kind: 'hangHost', host: { spmOf: null }, for: 100e6, point })],
    ['is dead for a long time', (point) => ({ kind: 'crashHost', host: { spmOf: null }, down: 2000e6, point })],
    ['hangs for so long that probes are not answered', (point) => ({ kind: 'hangHost', host: { spmOf: null }, for: 1000e6, point })],
    ['loses its lease', (point) => ({ kind: 'loseLease', pool: null, point })],
    ['is another', (point) => ({ kind: 'moveSpm', pool: null, to: null, point })],
  ])('is done or undone when the SPM %s', { timeout: LATE }, async (_what, fault) => {
    const { tasks } = await run(scenario);
    for (const verb of new Set(tasks.map((task) => task.verb))) {
      for (const is of ['placed', 'submitted', 'running', 'ended'] as const) {
        expectInOrder(`when ${verb} is ${is}`, await run(scenario, fault({ at: 'condition', condition: { of: 'task', verb, is, nth: 1 } })));
      }
    }
  });
});
