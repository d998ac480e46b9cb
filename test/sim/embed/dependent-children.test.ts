import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { defineCommand } from '../../../src/model/command.js';
import { taskHandler } from '../../../src/model/handler.js';
import { broken, finished } from './finished.js';

const params = z.strictObject({ volume: z.string(), depth: z.number(), fails: z.string() });
type Params = z.output<typeof params>;
const step = taskHandler<Params>();

const VOLUMES = ['v', 'v-0', 'v-0-0', 'v-0-1', 'v-1'];
const create = (volume: string) => ({ verb: 'createVolume', args: { domain: 'hdd', disk: `disk-${volume}`, volume, parent: `disk-${volume}-base`, format: 'cow', sizeBytes: 1 }, pool: 'pool1' });
const remove = (volume: string) => ({ verb: 'deleteVolume', args: { domain: 'hdd', disk: `disk-${volume}`, volume }, pool: 'pool1', doneCodes: [201] });

/** Makes a volume on a disk of its own, and lets its children do so; undoes its own alone. The root removes them all in the end. */
const builder = (type: string) =>
  defineCommand({ type, params })
    .step(step({
      name: 'build',
      beforeTask: ({ params: { volume, depth, fails }, startChild }) => {
        // Only the first branch goes deeper.
        const children = depth === 0 || (depth === 1 && volume !== 'v-0') ? 0 : 2;
        for (let i = 0; i < children; i += 1) startChild({ type: 'Build', params: { volume: `${volume}-${i}`, depth: depth - 1, fails } });
      },
      createTask: ({ params: { volume } }) => create(volume),
      endWithFailure: ({ params: { volume } }) => remove(volume),
      compensate: ({ params: { volume } }) => remove(volume),
    }))
    .step(step({
      name: 'check',
      // Of a volume that is not there, so that the host refuses it.
      createTask: ({ params: { volume, fails } }) => (volume === fails ? { verb: 'createVolume', args: { ...create('x').args, domain: 'nowhere' }, pool: 'pool1' } : undefined),
      endWithFailure: () => undefined,
      effectFree: true,
    }));

const COMMANDS = new Map(
  [builder('Build').build(), builder('Root').step(step({ name: 'tidy', createTask: () => VOLUMES.map(remove) })).build()].map((definition) => [definition.type, definition]),
);

async function run(fails: string, crashAt: number | null): Promise<RunResult & { readonly events: number }> {
  const scenario = parseScenario(
    JSON.stringify({
      domains: [{ id: 'hdd' }],
      vms: [{ id: 'vm1', host: 'host2' }],
      disks: VOLUMES.map((volume) => ({ id: `disk-${volume}`, vm: 'vm1', domain: 'hdd', size: '1 GiB' })),
      commands: [{ id: 'root', at: '1s', type: 'Root', params: { volume: 'v', depth: 2, fails } }],
      faults: crashAt === null ? [] : [{ crashEngine: { event: crashAt, down: '5s' } }],
    }),
    'family.json',
    { vocabulary: vocabularyOf(COMMANDS) },
  );
  return finished(await Simulation.create(scenario, { commands: COMMANDS }));
}

describe('a family of dependent children in a whole cluster', () => {
  it.each([
    ['nothing fails', 'nobody', 'SUCCEEDED'],
    ['a child fails late', 'v-1', 'ROLLED_BACK'],
    ['a grandchild fails late', 'v-0-1', 'ROLLED_BACK'],
    ['the root fails after all of them', 'v', 'ROLLED_BACK'],
  ])('breaks no invariant and comes to one end, wherever the engine crashes, when %s', { timeout: 120_000 }, async (_, fails, status) => {
    const unhurt = await run(fails, null);
    expect([unhurt.commands.map(({ status: ended }) => ended), broken(unhurt)]).toEqual([Array(5).fill(status), []]);
    for (let n = 1; n <= unhurt.events; n += Math.ceil(unhurt.events / 40)) {
      const crashed = await run(fails, n);
      expect([n, broken(crashed), crashed.commands.map(({ status: ended }) => ended)]).toEqual([n, [], Array(5).fill(status)]);
    }
  });
});
