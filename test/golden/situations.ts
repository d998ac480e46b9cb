import { z } from 'zod';
import { defineCommand, type CommandDefinition } from '../../src/model/command.js';
import type { Probe } from '../../actors/probe.js';
import { StoreMirror } from '../../sim/invariants/store-mirror.js';
import { isHeld } from '../../src/flow/state.js';
import type { DiskEntry } from '../../src/store/disk.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { EngineRig, SECOND, type RigOptions } from '../actors/engine-rig.js';
import { FAILED, RUNNING, type HostScript } from '../actors/scripted-host.js';

// Moments in the lives of commands whose stores are kept with a release: later programs must go on from them.

const copy = (name: string) => ({ verb: 'copy', args: { name }, pool: 'pool1', entity: `disk/${name}` });
type Step = { readonly name: string; readonly [field: string]: unknown };
const copies = (name: string, more: object = {}): Step => ({ name, createTask: () => copy(name), endWithFailure: () => undefined, compensate: () => copy(`${name}-back`), ...more });

function command(type: string, version: number, steps: readonly Step[], migrations: object = {}): CommandDefinition {
  const start = defineCommand({ type, version, migrations: migrations as never, params: z.looseObject({}), locks: () => [{ key: 'disk/d1', mode: 'exclusive' }], lockWait: { limitMs: 3_600_000 } });
  return steps.reduce((built, step) => built.step(step as never) as never, start).build();
}

const RETRY = { attempts: 3, backoffMs: 1000, maxBackoffMs: 1000 };
const FLOW = [copies('a'), copies('b')];
type Asks = (host: string, verb: string, args: object) => Promise<unknown>;
const calling = (verb: string): CommandDefinition =>
  command('Calling', 1, [{ name: 'call', beforeTask: async ({ call }: { call: Asks }) => void (await call('host1', verb, {})), endWithFailure: () => undefined, compensate: () => undefined }]);
const isThere = async ({ read }: { read: Asks }): Promise<string> => ((await read('host1', 'whereIs', {})) === 'there' ? 'passed' : 'cannotTell');
/** What a program of the release has. */
const COMMANDS: readonly CommandDefinition[] = [
  command('Flow', 1, FLOW),
  command('Undoable', 1, [{ ...copies('a'), compensate: undefined }, copies('b')]),
  command('Cleaning', 1, [copies('a', { retry: RETRY, beforeRetry: () => copy('clean') })]),
  calling('poke'),
  command('Crossing', 1, [copies('a', { pointOfNoReturn: { part: 'task', hasPassed: isThere }, undoRetry: RETRY })]),
  command('Parent', 1, [{ name: 'kids', effectFree: true, beforeTask: ({ startChild }: { startChild: (request: object) => void }) => ['Flow', 'Cleaning'].forEach((type) => startChild({ type, params: {} })) }, copies('b')]),
];
const MIGRATING = [...COMMANDS.slice(1), command('Flow', 2, [copies('z'), ...FLOW], { 1: { handlers: [{ name: 'z', from: null }, { name: 'a' }, { name: 'b' }] } })];

export interface Situation {
  readonly name: string;
  readonly options: RigOptions;
  /** Brings a new store to the moment. */
  readonly reach: (rig: EngineRig) => Promise<unknown>;
}

const is = (type: Probe['type']) => (probe: Probe): boolean => probe.type === type;
const submitted = (type: string, reach: (rig: EngineRig) => Promise<unknown>) => (rig: EngineRig): Promise<unknown> => {
  rig.submit('c1', type);
  return reach(rig);
};
const runs = (name: string, host: HostScript, reach: Situation['reach'], more: Partial<RigOptions> = {}): Situation => ({ name, options: { commands: COMMANDS, host, entities: { 'disk/d1': { size: 1 } }, ...more }, reach });
const NEVER: HostScript = { status: () => RUNNING };
const FAILS: HostScript = { status: () => FAILED };

export const SITUATIONS: readonly Situation[] = [
  runs('submitted', NEVER, submitted('Flow', (rig) => rig.runUntil(is('commandSubmitted')))),
  runs('placed', NEVER, submitted('Flow', (rig) => rig.runUntil(is('taskPlaced')))),
  runs('running', NEVER, submitted('Flow', (rig) => rig.runFor(30 * SECOND))),
  runs('waiting-for-locks', NEVER, submitted('Flow', (rig) => {
    rig.submit('c2', 'Flow');
    return rig.runFor(30 * SECOND);
  })),
  runs('ending', {}, submitted('Flow', (rig) => rig.runUntil(is('taskEnded')))),
  runs('cancelled', NEVER, submitted('Flow', async (rig) => {
    await rig.runFor(5 * SECOND);
    rig.ask({ op: 'cancelCommand', commandId: 'c1' });
    await rig.runFor(5 * SECOND);
  })),
  runs('rolling-back', { status: (_verb, id) => (id.includes('$1.') ? FAILED : id.includes('$0.c') ? RUNNING : {}) }, submitted('Flow', (rig) => rig.runFor(60 * SECOND))),
  runs('rollback-incomplete', { status: (_verb, id) => (id.includes('$1.') ? FAILED : {}) }, submitted('Undoable', (rig) => rig.run())),
  runs('operated', { status: (_verb, id) => (id.includes('$1.') ? FAILED : {}) }, submitted('Undoable', async (rig) => {
    await rig.run();
    rig.ask({ op: 'operateCommand', commandId: 'c1', action: 'resolve', requestId: 'r1', reason: 'by hand' });
    await rig.run();
  })),
  runs('cleaning-up', { status: (_verb, id) => (id.includes('.r') ? RUNNING : FAILED) }, submitted('Cleaning', (rig) => rig.runFor(40 * SECOND))),
  runs('calling', { call: () => 'silence' }, submitted('Calling', (rig) => rig.runFor(10 * SECOND))),
  runs('nondeterministic', { call: () => 'silence' }, submitted('Calling', async (rig) => {
    await rig.runFor(10 * SECOND);
    rig.restart([...COMMANDS.filter(({ type }) => type !== 'Calling'), calling('prod')]);
    await rig.runFor(10 * SECOND);
  })),
  runs('point-of-no-return', FAILS, submitted('Crossing', (rig) => rig.runFor(30 * SECOND))),
  runs('stuck', { ...FAILS, read: () => ({ result: 'there' }) }, submitted('Crossing', (rig) => rig.run())),
  runs('children', NEVER, submitted('Parent', (rig) => rig.runFor(30 * SECOND))),
  runs('child-completed', { status: (_verb, id) => (id.includes('!') ? {} : RUNNING) }, submitted('Parent', (rig) => rig.runFor(120 * SECOND))),
  runs('succeeded', {}, submitted('Flow', (rig) => rig.run())),
  runs('rolled-back', FAILS, submitted('Flow', (rig) => rig.runFor(600 * SECOND))),
  runs('expired', {}, submitted('Flow', (rig) => rig.runFor(600 * SECOND)), { settings: { retention: { keepMs: 1000, keepCount: null } } }),
  runs('parked', NEVER, submitted('Flow', async (rig) => {
    await rig.runFor(5 * SECOND);
    rig.restart([command('Flow', 7, FLOW)]);
    await rig.runFor(5 * SECOND);
  })),
  runs('migrated', NEVER, submitted('Flow', async (rig) => {
    await rig.runFor(5 * SECOND);
    rig.restart(MIGRATING);
    await rig.runFor(5 * SECOND);
  })),
  runs('accepted-older-store', NEVER, submitted('Flow', async (rig) => {
    await rig.runFor(5 * SECOND);
    rig.restartWith(rig.copyOfDisk(), { commitSeq: 100, incarnation: 3 });
    await rig.runFor(5 * SECOND);
  })),
];

/** The store at that moment. */
export async function entriesAt({ options, reach }: Situation): Promise<readonly DiskEntry[]> {
  const rig = await EngineRig.create(options);
  try {
    await reach(rig);
    return await rig.copyOfDisk().scan('');
  } finally {
    await rig.dispose();
  }
}

/** What each command comes to on a host that has its tasks and lets all succeed, with an operator who asks for what is held to be tried again. */
export async function endsFrom(name: string, entries: readonly DiskEntry[]): Promise<readonly string[]> {
  const rig = await EngineRig.create({ commands: name === 'migrated' ? MIGRATING : COMMANDS, host: { read: () => ({ result: 'there' }) } });
  try {
    await rig.runFor(SECOND);
    for (const { id, verb, state } of new StoreMirror(entries).tasks.values()) if (state === 'Submitted') rig.host.tasks.set(id, verb);
    rig.restartWith(new MemoryDisk(entries.map(({ key, value }) => [key, value])));
    await rig.runFor(7200 * SECOND);
    for (const { id, status } of (await rig.stored()).commands.values()) {
      if (isHeld(status)) rig.ask({ op: 'operateCommand', commandId: id, action: 'retry', requestId: 'golden' });
    }
    await rig.runFor(7200 * SECOND);
    return [...(await rig.stored()).commands.values()].map(({ id, status }) => `${id} ${status}`).sort();
  } finally {
    await rig.dispose();
  }
}
