import { Simulation } from '../../../sim/embed/simulation.js';
import type { Probe } from '../../../actors/probe.js';
import type { RunResult } from '../../../sim/report/result.js';
import { defineScenario } from '../../../sim/scenario/code.js';
import { broken, finished } from './finished.js';

export type ScenarioInput = Parameters<typeof defineScenario>[0];

/** Three hosts, the first of which is the SPM, and one task of 30 s, which is given again when it has come to nothing. */
export const THREE_HOSTS = {
  hosts: [{ id: 'host1', spm: true }, { id: 'host2' }, { id: 'host3' }],
  verbs: { work: { kind: 'spm', effect: 'job/${args.id}', latency: '30s' } },
  define: [
    {
      type: 'Job',
      params: { id: 'string' },
      handlers: [{ name: 'work', createTask: { verb: 'work', args: { id: '${params.id}' } }, retry: { attempts: 5, backoff: '5s' }, undo: {} }],
    },
  ],
  commands: [{ at: '1s', type: 'Job', params: { id: 'a' } }],
} satisfies ScenarioInput;

export function threeHosts(changes: Partial<ScenarioInput>) {
  return defineScenario({ ...THREE_HOSTS, ...changes });
}

export interface Seen extends RunResult {
  /** What the SPMs and the hosts' lives came to, in order: the second, the host, and what. */
  readonly story: readonly string[];
  /** When the first command was over, s. */
  readonly overAt: number;
}

/** Runs it, sees that all invariants hold, and tells what became of the hosts. */
export async function runOf(changes: Partial<ScenarioInput>, seed = 1): Promise<Seen> {
  const simulation = await Simulation.create(threeHosts(changes), { seed });
  const story: string[] = [];
  simulation.on('probe', ({ t, probe }) => {
    const what = storyOf(probe);
    if (what !== null) story.push(`${Math.floor(t / 1e6)} ${what}`);
  });
  const result = await finished(simulation);
  const flaws = broken(result);
  if (flaws.length > 0) throw new Error(`seed ${seed}: ${JSON.stringify(flaws)}`);
  return { ...result, story, overAt: (result.commands[0]?.history.at(-1)?.t ?? 0) / 1e6 };
}

export function storyOf(probe: Probe): string | null {
  switch (probe.type) {
    case 'hostCrashed':
      return `${probe.host} dies: ${probe.cause}`;
    case 'hostStarted':
      return `${probe.host} is up`;
    case 'hostHung':
      return `${probe.host} hangs`;
    case 'hostFenced':
      return `${probe.host} is to be fenced`;
    case 'spmRoleChanged':
      return `${probe.host} is ${probe.role}`;
    default:
      return null;
  }
}

/** The same without the times. */
export function acts({ story }: Seen): readonly string[] {
  return story.map((line) => line.slice(line.indexOf(' ') + 1));
}

/** Who is the SPM when all is over. */
export function spmOf({ hosts }: RunResult): readonly string[] {
  return hosts.filter(({ role }) => role === 'SPM').map(({ id }) => id);
}
