import { Simulation } from '../../../sim/embed/simulation.js';
import { scenarioWith } from '../scenario.js';

/** What a campaign has to know of a flow to hit it: found out by a run in which nothing fails. */
export interface Flow {
  readonly name: string;
  readonly scenario: string;
  /** The share of its commands that has to succeed where all faults heal, from 0 to 1. */
  readonly leastSucceeded: number;
  /** Verbs of its tasks. */
  readonly tasks: readonly string[];
  /** Verbs of its calls that change something. */
  readonly calls: readonly string[];
  readonly lastsMs: number;
  /** Port operations of its engine. */
  readonly operations: number;
}

type Named = Pick<Flow, 'name' | 'scenario' | 'leastSucceeded'>;

/** The flows that ship. */
const FLOWS: readonly Named[] = [
  { name: 'live migration', scenario: 'live-migration', leastSucceeded: 0.95 },
  { name: 'import', scenario: 'import-repo-image', leastSucceeded: 0.9 },
  { name: 'VM from a template', scenario: 'add-vm-from-template', leastSucceeded: 0.9 },
  { name: 'hibernation', scenario: 'hibernate-vm', leastSucceeded: 0.9 },
];

export function flows(): Promise<readonly Flow[]> {
  return Promise.all(FLOWS.map(known));
}

async function known(flow: Named): Promise<Flow> {
  const simulation = await Simulation.create(await scenarioWith({ scenario: flow.scenario, faults: [] }), { seed: 1 });
  const calls = new Set<string>();
  simulation.on('probe', ({ probe }) => void (probe.type === 'hostCall' && calls.add(probe.verb)));
  try {
    await simulation.run();
    const { tasks, virtualTimeMs } = simulation.result();
    return { ...flow, tasks: [...new Set(tasks.map(({ verb }) => verb))], calls: [...calls], lastsMs: virtualTimeMs, operations: simulation.enginePortOperations };
  } finally {
    await simulation.dispose();
  }
}
