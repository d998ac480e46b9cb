import { Simulation } from '../../../sim/embed/simulation.js';
import { scenarioWith } from '../scenario.js';
import type { Mix } from './kinds.js';

/** What a campaign has to know of a flow to hit it: found out by a run in which nothing fails. */
export interface Flow {
  readonly name: string;
  readonly scenario: string;
  /**
   * The share of its commands that has to succeed, from 0 to 1, by the mix of faults. Where faults leave nothing behind only what is tried once and not answered may
   * fail; where hosts die, what was running at them and is tried once: the more of it there is, and the longer it takes, the more fail.
   */
  readonly least: Readonly<Record<Exclude<Mix, 'all faults'>, number>>;
  readonly hosts: readonly string[];
  /** Verbs of its tasks. */
  readonly tasks: readonly string[];
  /** Verbs of its calls that change something. */
  readonly calls: readonly string[];
  readonly lastsMs: number;
  /** Port operations of its engine. */
  readonly operations: number;
}

type Named = Pick<Flow, 'name' | 'scenario' | 'least'>;

const least = (whereHostsDie: number): Flow['least'] => ({ 'faults that heal': 0.97, 'hosts that die': whereHostsDie });

/** The flows that ship. */
export const FLOWS: readonly Named[] = [
  { name: 'live migration', scenario: 'live-migration', least: least(0.6) },
  { name: 'import', scenario: 'import-repo-image', least: least(0.6) },
  { name: 'VM from a template', scenario: 'add-vm-from-template', least: least(0.6) },
  { name: 'hibernation', scenario: 'hibernate-vm', least: least(0.8) },
  { name: 'cold move', scenario: 'move-disk', least: least(0.6) },
  { name: 'live snapshot', scenario: 'live-snapshot', least: least(0.6) },
  { name: 'cold merge', scenario: 'remove-disk-snapshots', least: least(0.9) },
  { name: 'removal', scenario: 'remove-image', least: least(0.9) },
];

export function flows(): Promise<readonly Flow[]> {
  return Promise.all(FLOWS.map(known));
}

export async function known(flow: Named): Promise<Flow> {
  const scenario = await scenarioWith({ scenario: flow.scenario, faults: [] });
  const simulation = await Simulation.create(scenario, { seed: 1 });
  const calls = new Set<string>();
  simulation.on('probe', ({ probe }) => void (probe.type === 'hostCall' && calls.add(probe.verb)));
  try {
    await simulation.run();
    const { tasks, virtualTimeMs } = simulation.result();
    return { ...flow, hosts: scenario.hosts.map(({ id }) => id), tasks: [...new Set(tasks.map(({ verb }) => verb))], calls: [...calls], lastsMs: virtualTimeMs, operations: simulation.enginePortOperations };
  } finally {
    await simulation.dispose();
  }
}
