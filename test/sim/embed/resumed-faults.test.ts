import { describe, expect, it } from 'vitest';
import type { Pace } from '../../../sim/embed/interface.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { resolveScenario } from '../../../sim/scenario/code.js';
import type { RunResult } from '../../../sim/report/result.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { Disks } from './disks.js';
import { broken, finished } from './finished.js';
import { spmOf, storyOf, THREE_HOSTS, threeHosts, type ScenarioInput } from './spm-scenario.js';

// Faults over the death of the process: what was in force stays so, and what was planned still happens.

/** Where the power is cut: after so many events; or at a time, µs, to which the run has been held back, and all is on disk. */
type Cut = { readonly events: number } | { readonly at: number };

interface Resumed extends RunResult {
  /** Of the last process alone: the second, and what became of a host. */
  readonly story: readonly string[];
  /** When each node first did something, µs, but for its start. */
  readonly heardOf: ReadonlyMap<string, number>;
}

const SEED = 1;
/** Every so many-th event, so that it takes seconds. With 1, each place was found to be good. */
const STRIDE = 13;

const CUT = new Error('the power is cut');

function heldBackUntil(us: number): Pace {
  return async (next) => {
    if (next > us) throw CUT;
    return next;
  };
}

/** Cuts the power each time, and lets another process go on to the end, at which all invariants hold. */
async function resumed(changes: Partial<ScenarioInput>, ...cuts: readonly Cut[]): Promise<Resumed> {
  const scenario = resolveScenario(threeHosts(changes), 'scenario', { vocabulary: BUILT_IN_VOCABULARY });
  const disks = new Disks();
  let simulation = await Simulation.on(await disks.begin(scenario, SEED));
  let story: string[] = [];
  let heardOf = new Map<string, number>();
  for (const cut of cuts) {
    if ('events' in cut) await simulation.step(cut.events);
    else await expect(simulation.run(heldBackUntil(cut.at))).rejects.toBe(CUT);
    await simulation.dispose();
    simulation = await Simulation.on(await disks.goOn());
    const told: string[] = [];
    simulation.on('probe', ({ t, probe }) => {
      const what = storyOf(probe) ?? (probe.type === 'engineCrashed' || probe.type === 'engineRecovered' || probe.type === 'enginePaused' ? probe.type : null);
      if (what !== null) told.push(`${Math.floor(t / 1e6)} ${what}`);
    });
    const first = new Map<string, number>();
    simulation.on('event', ({ t, node, kind }) => {
      if (kind === 'deliver' && !first.has(node)) first.set(node, t);
    });
    [story, heardOf] = [told, first];
  }
  const result = await finished(simulation);
  expect(broken(result), `seed ${SEED}, cut at ${JSON.stringify(cuts)}`).toEqual([]);
  return { ...result, story, heardOf };
}

/** How many events the run has that nobody cuts. */
async function eventsOf(changes: Partial<ScenarioInput>): Promise<number> {
  return (await finished(await Simulation.create(threeHosts(changes), { seed: SEED }))).events;
}

/** Cuts it after every so many-th event, each in a run of its own. */
async function cutEverywhere(changes: Partial<ScenarioInput>, stride: number, see: (result: Resumed, where: string) => void): Promise<void> {
  const events = await eventsOf(changes);
  for (let n = 1; n <= events; n += stride) see(await resumed(changes, { events: n }), `seed ${SEED}, cut after event ${n}`);
}

describe('a host that is down when the process dies', () => {
  const faults: ScenarioInput['faults'] = [{ crashHost: { at: '10s', host: 'spm', down: '30min' } }];

  it('comes back when it would have, Free, and another is the SPM until then', async () => {
    const seen = await resumed({ faults }, { at: 600e6 });
    expect(seen.story.filter((line) => line.includes('host1'))).toEqual([expect.stringMatching(/host1 dies: at 10 s$/), '1810 host1 is up']);
    expect(spmOf(seen)).toEqual(['host2']);
    expect(seen.commands).toMatchObject([{ status: 'SUCCEEDED' }]);
  });

  it('does so however often that happens', async () => {
    const seen = await resumed({ faults }, { at: 100e6 }, { at: 200e6 }, { at: 1500e6 });
    expect(seen.story.filter((line) => line.endsWith('is up') && line.includes('host1'))).toEqual(['1810 host1 is up']);
    expect(seen.hosts.every(({ up }) => up)).toBe(true);
  });

  it('comes back when all faults end, if that is sooner', async () => {
    const seen = await resumed({ faults, healAt: '15min' }, { at: 600e6 });
    expect(seen.story).toContain('900 host1 is up');
  });

  it('comes back once wherever the process dies', async () => {
    await cutEverywhere({ faults }, STRIDE, (seen, where) => {
      expect(seen.story.filter((line) => line === '1810 host1 is up'), where).toHaveLength(1);
      expect([seen.unused, seen.hosts.every(({ up }) => up), seen.commands.map(({ status }) => status)], where).toEqual([[], true, ['SUCCEEDED']]);
    });
  }, 60_000);
});

describe('a host that hangs when the process dies', () => {
  const faults: ScenarioInput['faults'] = [{ hangHost: { at: '10s', host: 'spm', for: '10min' } }];

  it('starts anew with the others, and hangs until it would have gone on; somebody else becomes the SPM', async () => {
    const scenario = { faults } satisfies Partial<ScenarioInput>;
    const seen = await resumed(scenario, { at: 60e6 });
    expect(seen.story.some((line) => line.endsWith('host1 hangs'))).toBe(true);
    expect(spmOf(seen)).toEqual(['host2']);
    expect(seen.commands).toMatchObject([{ status: 'SUCCEEDED' }]);
  });

  it('goes on when all faults end, if that is sooner', async () => {
    const until = (healed: Resumed): number | undefined => healed.heardOf.get('host1');
    expect(until(await resumed({ faults }, { at: 60e6 })) ?? 0).toBeGreaterThanOrEqual(610e6);
    const healed = until(await resumed({ faults, healAt: '5min' }, { at: 60e6 })) ?? 0;
    expect(healed).toBeGreaterThanOrEqual(300e6);
    expect(healed).toBeLessThan(610e6);
  });
});

describe('an engine that is out of service when the process dies', () => {
  it('is down until it would have come back', async () => {
    const seen = await resumed({ faults: [{ crashEngine: { at: '10s', down: '20min' } }] }, { at: 600e6 });
    const [crashed, recovered] = seen.story.filter((line) => line.includes('engine'));
    expect([crashed, recovered]).toEqual([expect.stringMatching(/ engineCrashed$/), expect.stringMatching(/^1210 engineRecovered$/)]);
    expect(seen.commands).toMatchObject([{ status: 'SUCCEEDED' }]);
  });

  it('stands still until it would have gone on', async () => {
    const seen = await resumed({ faults: [{ pauseEngine: { at: '10s', for: '20min' } }] }, { at: 600e6 });
    expect(seen.story.filter((line) => line.includes('engine'))).toEqual([expect.stringMatching(/ enginePaused$/), '1210 engineRecovered']);
    expect(seen.commands).toMatchObject([{ status: 'SUCCEEDED' }]);
  });
});

describe('an SPM that an operator moves when the process dies', () => {
  const changes = { faults: [{ moveSpm: { at: '10s', to: 'host3' } }], spm: { start: '8s', stop: '9s' } } satisfies Partial<ScenarioInput>;
  const isMoved = (seen: Resumed, where: string): void => {
    expect([spmOf(seen), seen.unused], where).toEqual([['host3'], []]);
    expect(seen.commands, where).toMatchObject([{ status: 'SUCCEEDED' }]);
  };

  it('is moved all the same, wherever that was', () => cutEverywhere(changes, STRIDE, isMoved), 60_000);

  it('is moved all the same, whichever of the two hosts had been asked', async () => {
    for (let at = 10e6; at < 32e6; at += 1e6) isMoved(await resumed(changes, { at }), `seed ${SEED}, cut at ${at} µs`);
  }, 60_000);

  it('is moved all the same, however often that happens', async () => {
    isMoved(await resumed(changes, { at: 11e6 }, { at: 13e6 }, { at: 25e6 }, { at: 27e6 }), 'cut four times');
  });
});

describe('a fault that waits for a condition, over the death of the process', () => {
  /** Two commands that each work twice, in turn. */
  const two = {
    define: [
      {
        type: 'Job',
        params: { id: 'string' },
        handlers: ['one', 'other'].map((name) => ({
          name,
          createTask: { verb: 'work', args: { id: `\${params.id}-${name}` } },
          retry: { attempts: 5, backoff: '5s' },
          undo: {},
        })),
      },
    ],
    commands: ['a', 'b'].map((id, i) => ({ id, at: `${1 + 100 * i}s`, type: 'Job', params: { id } })),
  } satisfies Partial<ScenarioInput>;

  it.each([
    ['a task is placed', { task: 'work', is: 'placed', nth: 4 }],
    ['a task is submitted', { task: 'work', is: 'submitted', nth: 4 }],
    ['a task runs', { task: 'work', is: 'running', nth: 4 }],
    ['a task has ended', { task: 'work', is: 'ended', nth: 4 }],
    ['a callback is committed', { callback: 'endSuccessfully', handler: 'other', is: 'committed', nth: 2 }],
    ['a command is submitted', { command: 'Job', is: 'SUBMITTED', nth: 2 }],
    ['a command has succeeded', { command: 'Job', is: 'SUCCEEDED', nth: 2 }],
  ] as const)('%s: it happens, though nobody may have been told of one of the times', async (_, when) => {
    await cutEverywhere({ ...two, faults: [{ crashHost: { when, host: 'spm', down: '20s' } }] }, 31, (seen, where) => {
      expect([seen.unused, seen.commands.map(({ status }) => status)], where).toEqual([[], ['SUCCEEDED', 'SUCCEEDED']]);
    });
  }, 60_000);

  it('counts in one process what an engine died too early to tell', async () => {
    const succeeded = { command: 'Job', is: 'SUCCEEDED', nth: 2 } as const;
    const events = await eventsOf(two);
    let untold = 0;
    for (let n = 1; n <= events; n += 3) {
      const faults: ScenarioInput['faults'] = [{ crashEngine: { event: n, down: '1s' } }, { crashHost: { when: succeeded, host: 'host3', down: '20s' } }];
      const simulation = await Simulation.create(threeHosts({ ...two, faults }), { seed: SEED });
      const told = new Set<string>();
      simulation.on('probe', ({ probe }) => {
        if (probe.type === 'statusChanged' && probe.status === 'SUCCEEDED') told.add(probe.commandId);
      });
      const result = await finished(simulation);
      untold += 2 - told.size;
      expect([result.unused.filter(({ fault }) => fault === 1), result.commands.map(({ status }) => status)], `seed ${SEED}, crash before event ${n}`).toEqual([[], ['SUCCEEDED', 'SUCCEEDED']]);
    }
    expect(untold).toBeGreaterThan(0);
  }, 60_000);
});

it('a fault that waits for the end of a task happens when the next SPM ends one that ran', async () => {
  const define = THREE_HOSTS.define.map((type) => ({ ...type, handlers: type.handlers.map(({ retry: _, ...handler }) => handler) }));
  const seen = await resumed({ define, faults: [{ crashHost: { when: { task: 'work', is: 'ended' }, host: 'host3' } }] }, { at: 15e6 });
  expect([seen.unused, seen.commands.map(({ status }) => status)]).toEqual([[], ['ROLLED_BACK']]);
});

describe('faults of tasks and messages, over the death of the process', () => {
  const verbs = {
    work: { kind: 'spm', effect: 'job/${args.id}', latency: '30s', rollbackLatency: '4s' },
    unwork: { kind: 'spm', reverses: 'job/${args.id}', latency: '1s' },
  } satisfies ScenarioInput['verbs'];
  const undone = {
    verbs,
    define: [
      {
        type: 'Job',
        params: { id: 'string' },
        handlers: [
          {
            name: 'work',
            createTask: { verb: 'work', args: { id: '${params.id}' } },
            undo: { tasks: { verb: 'unwork', args: { id: '${params.id}' }, doneCodes: [9202] } },
          },
        ],
      },
    ],
  } satisfies Partial<ScenarioInput>;

  it.each([
    ['hangTask', { ...undone, healAt: '5min', faults: [{ hangTask: { verb: 'work' } }] }],
    ['slowTask', { ...undone, faults: [{ slowTask: { verb: 'work', factor: 10 } }] }],
    ['partition', { faults: [{ partition: { between: ['engine', 'spm'], at: '10s', for: '1min' } }] }],
    ['dropMessage', { faults: [{ dropMessage: { op: 'submitTask', reply: true, nth: 1 } }] }],
    ['delayMessage', { faults: [{ delayMessage: { op: 'submitTask', nth: 1, by: '1min' } }] }],
    ['duplicateMessage', { faults: [{ duplicateMessage: { op: 'submitTask', nth: 1, after: '1min' } }] }],
    ['loseLease', { faults: [{ loseLease: { at: '10s' } }] }],
    ['crash upon crash', { fenceAgent: {}, faults: [{ crashHost: { at: '10s', host: 'spm', down: '10min' } }, { hangHost: { at: '40s', host: 'host3', for: '3min' } }, { crashEngine: { at: '60s', down: '1min' } }] }],
  ] satisfies readonly (readonly [string, Partial<ScenarioInput>])[])('%s: has happened, and the run ends, wherever the process dies', async (_, changes) => {
    await cutEverywhere(changes, STRIDE, (seen, where) => {
      expect(['SUCCEEDED', 'ROLLED_BACK'], where).toContain(seen.commands[0]?.status);
      expect([seen.unused, seen.hosts.filter(({ up }) => !up)], where).toEqual([[], []]);
    });
  }, 60_000);

  it('failRollback: of a task that is being rolled back when the process dies, what goes on with it fails', async () => {
    const commands = [{ at: '1s', type: 'Job', params: { id: 'a' }, cancelAt: '20s' }];
    const seen = await resumed({ ...undone, commands, faults: [{ failRollback: { verb: 'work' } }] }, { at: 33e6 });
    expect([seen.unused, seen.commands.map(({ status }) => status)]).toEqual([[], ['ROLLED_BACK']]);
  });
});
