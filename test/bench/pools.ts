import { performance } from 'node:perf_hooks';
import { Simulation } from '../../sim/embed/simulation.js';
import { defineScenario } from '../../sim/scenario/code.js';
import { median } from './median.js';

const SECOND = 1_000_000;
const POLLS = 30;

/** What it costs to watch tasks that do nothing but run. */
export interface PollCost {
  readonly tasks: number;
  /** µs by the wall clock, of one poll: all that happens meanwhile, on the hosts, the network and with the engine, by the number of tasks. */
  readonly perTask: number;
}

export interface Layout {
  readonly pools: number;
  readonly hosts: number;
  readonly eventsPerSecond: number;
  /** To the first layout, of the same round. */
  readonly ratio: number;
}

/** Tasks of declared commands, spread evenly over pools. */
function scenarioOf(layout: { readonly pools: number; readonly hostsPerPool: number }, tasks: number, latency: string) {
  const pools = Array.from({ length: layout.pools }, (_, i) => `pool${i + 1}`);
  return defineScenario({
    pools: pools.map((id) => ({ id })),
    hosts: pools.flatMap((pool) => Array.from({ length: layout.hostsPerPool }, (_, i) => ({ id: `${pool}-host${i + 1}`, pool, spm: i === 0 }))),
    domains: pools.map((pool) => ({ id: `${pool}-domain`, pool })),
    verbs: { work: { kind: 'spm', effect: 'job/${args.id}', latency } },
    define: [
      {
        type: 'Job',
        params: { id: 'string', pool: 'string' },
        handlers: [{ name: 'work', createTask: { verb: 'work', args: { id: '${params.id}' }, pool: '${params.pool}' }, undo: {} }],
      },
    ],
    commands: Array.from({ length: tasks }, (_, i) => ({ at: '1s', type: 'Job', params: { id: `j${i}`, pool: pools[i % pools.length] ?? '' } })),
    limit: '10000d',
  });
}

/** The cost of a poll by the number of tasks, which ten pools share: none lists more than vdsm's workers and queue hold. */
export async function benchPolls(sizes: readonly number[] = [10, 100, 1_000, 5_000]): Promise<readonly PollCost[]> {
  const costs: PollCost[] = [];
  for (const tasks of sizes) {
    const simulation = await Simulation.create(scenarioOf({ pools: 10, hostsPerPool: 1 }, tasks, '1000d'));
    await simulation.runUntil(60 * SECOND);
    const begin = performance.now();
    await simulation.advance(POLLS * 10 * SECOND);
    costs.push({ tasks, perTask: ((performance.now() - begin) * 1000) / POLLS / tasks });
    await simulation.dispose();
  }
  return costs;
}

const LAYOUTS = [
  { pools: 1, hostsPerPool: 3 },
  { pools: 1, hostsPerPool: 100 },
  { pools: 20, hostsPerPool: 3 },
];

/** Events per second of as many tasks in one pool of three hosts, one of a hundred, and twenty pools of three; medians over rounds, ratios within one. */
export async function benchLayouts({ tasks = 400, rounds = 3 }: { readonly tasks?: number; readonly rounds?: number } = {}): Promise<readonly Layout[]> {
  const speeds: (readonly number[])[] = [];
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    const ofRound: number[] = [];
    for (const layout of LAYOUTS) {
      const simulation = await Simulation.create(scenarioOf(layout, tasks, '20s'), { seed: round + 1 });
      const begin = performance.now();
      await simulation.run();
      ofRound.push(simulation.events / ((performance.now() - begin) / 1000));
      const broken = simulation.result().invariants.filter(({ held }) => !held);
      if (broken.length > 0) throw new Error(broken.map(({ name, detail }) => `${name}: ${detail ?? ''}`).join('; '));
      await simulation.dispose();
    }
    if (round > 0) speeds.push(ofRound);
  }
  return LAYOUTS.map(({ pools, hostsPerPool }, i) => ({
    pools,
    hosts: pools * hostsPerPool,
    eventsPerSecond: Math.round(median(speeds.map((ofRound) => ofRound[i] ?? NaN))),
    ratio: median(speeds.map((ofRound) => (ofRound[i] ?? NaN) / (ofRound[0] ?? NaN))),
  }));
}
