import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import type { Outcome } from '../../../src/model/outcome.js';
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
const twice = (nth: number, after: number): Fault => ({ kind: 'duplicateMessage', op: 'submitTask', reply: false, nth, does: { what: 'duplicate', after } });

const statuses = ({ commands }: RunResult): readonly string[] => [...new Set(commands.map(({ status }) => status))].sort();

/** All that has to be so whatever happens: no invariant is broken, and every command has ended, done or undone. */
function expectInOrder(what: string, result: RunResult): void {
  expect([what, broken(result)]).toEqual([what, []]);
  expect([what, statuses(result).filter((status) => status !== 'SUCCEEDED' && status !== 'ROLLED_BACK')]).toEqual([what, []]);
}

/** What became of its commands, and of tasks that did not simply end well. */
interface Course {
  readonly result: RunResult;
  /** By the engine's ids, why nobody could tell of a task. */
  readonly unresolved: ReadonlySet<string>;
  /** The outcomes that were consumed. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** The verb of the task whose submission came twice, and the ends of all that hosts have made of it, in the order in which they were accepted. */
  readonly repeated: { readonly verb: string; readonly ends: readonly string[] };
}

async function watched(scenario: Scenario, fault: Fault): Promise<Course> {
  const simulation = await Simulation.create({ ...scenario, faults: [fault] }, { seed: 1 });
  const unresolved = new Set<string>();
  const outcomes = new Map<string, Outcome>();
  const repeated = new Set<string>();
  const made = new Map<string, string>();
  const ends = new Map<string, string>();
  simulation.on('probe', ({ probe }) => {
    if (probe.type === 'taskUnresolved') unresolved.add(probe.taskId);
    else if (probe.type === 'taskEnded') outcomes.set(probe.taskId, probe.outcome);
    else if (probe.type === 'messageDuplicated' && probe.task !== undefined) repeated.add(probe.task);
    else if (probe.type === 'hostTaskAccepted' && probe.task !== undefined) made.set(probe.taskId, probe.task);
    else if (probe.type === 'hostTaskEnded') ends.set(probe.taskId, probe.code === 0 ? probe.result : `${probe.result} ${probe.code}`);
  });
  const result = await finished(simulation);
  const twiceMade = [...made].flatMap(([id, task]) => (repeated.has(task) ? [ends.get(id) ?? 'none'] : []));
  const verb = result.tasks.find(({ id }) => repeated.has(id))?.verb ?? 'none';
  return { result, unresolved, outcomes, repeated: { verb, ends: twiceMade } };
}

/** What no host can tell of: how much of an image was downloaded, and, once its volumes are there, how far a copy came. */
const UNTELLABLE: ReadonlySet<string> = new Set(['downloadImage', 'copyImage']);

/** Whose step failed, and why each that was rolled back was: for one of these reasons and no other. */
function expectReasons(what: string, { result, outcomes }: Course, scenario: Scenario): void {
  const verbOf = new Map(result.tasks.map(({ id, verb }) => [id, verb]));
  const isRolledBack = (id: string): boolean => result.commands.some((command) => command.id === id && command.status === 'ROLLED_BACK');
  const reasons = (id: string): readonly string[] =>
    [...outcomes].flatMap(([task, outcome]) => {
      if (!task.startsWith(`${id}$`)) return [];
      if (outcome.kind === 'failed' && outcome.takeOver) return ['taken over'];
      return outcome.kind === 'unknown' && UNTELLABLE.has(verbOf.get(task) ?? '') ? ['untellable'] : [];
    });
  for (const [task, { kind }] of outcomes) if (kind === 'unknown') expect([what, task, UNTELLABLE.has(verbOf.get(task) ?? '')]).toEqual([what, task, true]);
  for (const { id, error } of result.commands) {
    if (!isRolledBack(id)) continue;
    const ofChildren = error?.code === 'CHILD_FAILED' && result.commands.some((child) => child.id.startsWith(`${id}!`) && isRolledBack(child.id));
    // It needs what another has made, or has put to sleep.
    const at = scenario.commands.findIndex((command) => command.id === id);
    const ofOther = (error?.code === 'ENTITY_NOT_FOUND' || error?.code === 'CALLBACK_THREW') && scenario.commands.slice(0, at).some((other) => isRolledBack(other.id));
    // Its step asks a host before it begins, and is tried once.
    const ofCall = error?.code === 'CALL_UNKNOWN';
    expect([what, id, error?.code, reasons(id).length > 0 || ofChildren || ofOther || ofCall]).toEqual([what, id, error?.code, true]);
  }
}

/** What a repetition comes to behind the first, which has its effect: `vdsm-facts`, 7, of creating and deleting; and of the rest, as each verb looks at what is there. */
const ENDS_BEHIND: { readonly [verb: string]: readonly string[] } = {
  createVolume: ['cleanSuccess 212'],
  cloneImageStructure: ['cleanSuccess 212'],
  // Or, if it has been moved and is gone there, it finds no source.
  copyImage: ['cleanSuccess 212', 'cleanSuccess 268'],
  deleteImage: ['cleanSuccess 268'],
  mergeSnapshots: ['cleanSuccess 201'],
  downloadImage: ['cleanSuccess 100'],
  // It writes again what is there, unless the source has been removed meanwhile.
  syncImageData: ['success', 'cleanSuccess 268'],
};

describe.each(FLOWS)('%s, on hosts that make their own task ids', (_, scenario) => {
  it('succeeds whichever submission is lost, or whichever reply to one: but for a download, and a copy that ran, of which nobody can tell how far it came', { timeout: LATE }, async () => {
    const { tasks } = await run(scenario);
    expect(tasks.length).toBeGreaterThan(0);
    for (let n = 1; n <= tasks.length; n += 1) {
      for (const reply of [true, false]) {
        const what = `submission ${n}${reply ? ', its reply' : ''}`;
        const course = await watched(scenario, lost(n, reply));
        const { result, unresolved } = course;
        expectInOrder(what, result);
        const [asked] = result.tasks.filter(({ id }) => unresolved.has(id));
        const fails = asked !== undefined && (asked.verb === 'downloadImage' || (asked.verb === 'copyImage' && reply));
        // A command that needs the disk, or the VM, of the one that fails, fails too.
        const rolledBack = result.commands.filter(({ status }) => status === 'ROLLED_BACK').map(({ id }) => id);
        expect([what, unresolved.size, rolledBack.includes(asked?.commandId ?? ''), fails || rolledBack.length === 0]).toEqual([what, 1, fails, true]);
        expectReasons(what, course, scenario);
      }
    }
  });

  it('succeeds whichever submission arrives twice: one finds what the other has done, or begun', { timeout: LATE }, async () => {
    const { tasks } = await run(scenario);
    for (let n = 1; n <= tasks.length; n += 1) {
      for (const after of [1e6, 40e6]) {
        const what = `submission ${n} comes again after ${after} µs`;
        const { result, repeated: { verb, ends }, unresolved } = await watched(scenario, twice(n, after));
        expectInOrder(what, result);
        expect([what, statuses(result), unresolved.size, ends.length]).toEqual([what, ['SUCCEEDED'], 0, 2]);
        const [first = 'none', second = 'none'] = ends;
        // Of two merges that run at one time either may be done first; the other finds nothing, and `hasPassed` says that it is done.
        const behind = verb === 'mergeSnapshots' && first !== 'success' ? [second, first] : [first, second];
        expect([what, verb, behind[0]]).toEqual([what, verb, 'success']);
        expect(ENDS_BEHIND[verb], `${what}: ${verb}`).toContain(behind[1]);
      }
    }
  });

  it('is done or undone if the two arrive at once, and the one that fails is answered first: that is then the one that counts', { timeout: LATE }, async () => {
    const { tasks } = await run(scenario);
    for (let n = 1; n <= tasks.length; n += 1) expectInOrder(`submission ${n} comes twice at once`, (await watched(scenario, twice(n, 1000))).result);
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
        const course = await watched(scenario, fault({ at: 'condition', condition: { of: 'task', verb, is, nth: 1 } }));
        expectInOrder(`when ${verb} is ${is}`, course.result);
        expectReasons(`when ${verb} is ${is}`, course, scenario);
      }
    }
  });
});

describe('a submission that comes again when what it has made is undone, on hosts that make their own task ids', () => {
  it('makes it anew for nobody: the network must not do that, and truth says so', async () => {
    const [scenario] = FLOWS.flatMap(([name, flow]) => (name === 'import-repo-image' ? [flow] : []));
    if (scenario === undefined) throw new Error('there is no scenario import-repo-image');
    const [first] = scenario.commands;
    if (first === undefined) throw new Error('it has no commands');
    const alone = { ...scenario, commands: [{ ...first, at: 0, cancelAt: 12e6 }] };
    const result = await run(alone, twice(1, 50e6));
    expect(statuses(result)).toEqual(['ROLLED_BACK']);
    expect(broken(result).map(({ name }) => name)).toContain('truth');
  });
});
