import { expect, it } from 'vitest';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { loadScenario } from '../../../sim/scenario/load.js';
import { Simulation } from '../../../sim/embed/simulation.js';

const MINUTE = 60_000_000;

it.each([0, 2, 5, 7, 8, 9])('a migration and its children are gone from the disk some time after their end, under all invariants; its engine crashes %i port operations after it has come to rest', async (operations) => {
  const loaded = await loadScenario('live-migration', { vocabulary: BUILT_IN_VOCABULARY, cwd: process.cwd() });
  const scenario = { ...loaded, faults: [], engine: { ...loaded.engine, retention: { keepMs: 60_000, keepCount: null } } };
  const first = await Simulation.create(scenario, { seed: 1 });
  await first.run();
  const over = first.enginePortOperations;
  await first.dispose();

  const crash = { kind: 'crashEngine' as const, point: { at: 'after' as const, portOperation: over + 1 + operations }, down: 5_000_000 };
  const simulation = await Simulation.create({ ...scenario, faults: [crash] }, { seed: 1 });
  await simulation.run();
  await simulation.advance(10 * MINUTE);
  const id = scenario.commands[0]?.id ?? '';
  const told: (string | null)[] = [];
  simulation.on('probe', ({ probe }) => void (probe.type === 'clientTold' && told.push(probe.refusal)));
  simulation.submit({ id, type: 'LiveMigrateVmDisks', params: scenario.commands[0]?.params });
  await simulation.run();
  const { commands, invariants } = simulation.result();
  expect([commands, invariants.filter(({ held }) => !held)]).toEqual([[], []]);
  expect(told).toEqual([`command '${id}' has been over for so long that its records are gone`]);
  await simulation.dispose();
});
