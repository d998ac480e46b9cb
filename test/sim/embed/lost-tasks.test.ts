import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { loadScenario, parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { BUILT_IN_COMMANDS } from '../../../src/commands/index.js';
import { broken, finished } from './finished.js';

// Tasks that hosts forget after they have acknowledged them, on whole clusters.

const vocabulary = vocabularyOf(BUILT_IN_COMMANDS);

describe('a live migration of two disks', () => {
  it.each([
    ['createVolume', 'ROLLED_BACK', []],
    ['cloneImageStructure', 'SUCCEEDED', ['ROLLED_BACK', 'SUCCEEDED']],
    ['syncImageData', 'SUCCEEDED', ['ROLLED_BACK', 'SUCCEEDED']],
    // An undo, or what is past the point of no return, is tried again.
    ['deleteImage', 'SUCCEEDED', ['SUCCEEDED', 'SUCCEEDED']],
  ] as const)('the first %s of which its host forgets is %s, whether it had begun or was done', async (verb, status, disks) => {
    for (const when of ['atStart', 'atEnd']) {
      const scenario = await loadScenario('live-migration', { vocabulary, cwd: '.', set: [`faults=[{loseTask: {verb: ${verb}, when: ${when}}}]`] });
      const run = await finished(await Simulation.create(scenario));
      expect([when, broken(run), run.unused]).toEqual([when, [], []]);
      const [migration, ...children] = run.commands.map((command) => command.status);
      // Whose task was the first is a matter of the seed.
      expect([when, migration, ...children.sort()]).toEqual([when, status, ...disks]);
    }
  });
});

/** Copies once, and takes it back if nobody can tell how that ended. */
const COPY = `
hosts: [{ id: host1, spm: true }]
verbs:
  copy: { kind: spm, effect: 'copy/\${args.id}', latency: 1s }
  remove: { kind: spm, reverses: 'copy/\${args.id}', latency: 1s }
define:
  - type: Copy
    params: { id: string }
    handlers:
      - name: copy
        createTask: { verb: copy, args: { id: '\${params.id}' } }
        undo: { tasks: { verb: remove, args: { id: '\${params.id}' }, doneCodes: [9202] } }
commands: [{ id: c1, type: Copy, params: { id: x } }]
`;

async function copying(...faults: readonly string[]) {
  const scenario = parseScenario(COPY, 'copy.yaml', { vocabulary, set: [`faults=[${faults.join(', ')}]`, 'engine.pollingRate=5s', 'engine.unknownGrace=10s'] });
  const simulation = await Simulation.create(scenario);
  const told: Probe[] = [];
  simulation.on('probe', ({ probe }) => told.push(probe));
  const run = await finished(simulation);
  // Of its own commit that a crash has kept, the engine had no time to tell.
  const outcome = told.flatMap((probe) => (probe.type === 'taskEnded' && probe.taskId.includes('.w') ? [probe.outcome.kind] : []))[0] ?? 'untold';
  return { run, outcome };
}

describe('a task that is lost', () => {
  it.each(['atStart', 'atEnd'])('(%s) counts as that, or as unknown if the engine has died before it knew that a host had it: the command is undone, wherever the engine crashes', async (when) => {
    const lost = `{loseTask: {verb: copy, when: ${when}}}`;
    const { run: whole, outcome: expected } = await copying(lost);
    expect([broken(whole), expected]).toEqual([[], 'lost']);
    const seen = new Set<string>();
    for (let event = 1; event <= whole.events; event += 1) {
      const { run, outcome } = await copying(lost, `{crashEngine: {event: ${event}, down: 3s}}`);
      expect([event, broken(run), run.commands[0]?.status]).toEqual([event, [], outcome === 'succeeded' ? 'SUCCEEDED' : 'ROLLED_BACK']);
      seen.add(outcome);
    }
    // What is lost without a trace before the engine knows of it is submitted once more, and runs.
    expect([...seen].sort()).toEqual(when === 'atStart' ? ['lost', 'succeeded', 'untold'] : ['lost', 'unknown', 'untold']);
  });
});
