import { expect } from 'vitest';
import { RECOVERING } from '../../../actors/wire.js';
import type { CallbackName, Probe } from '../../../actors/probe.js';
import { withRig, type EngineRig } from '../../actors/engine-rig.js';
import { isHeld, type CommandStatus } from '../../../src/flow/state.js';
import { RUNNING } from '../../actors/scripted-host.js';
import { rigOf, tell } from '../order-of-callbacks/drive.js';
import type { DrivenRow, HandlerSetup } from '../order-of-callbacks/row.js';

type Handlers = readonly HandlerSetup[];

/** What is so in the end, in the words of the tables about the order of callbacks. */
interface Course {
  readonly happens: readonly string[];
  readonly status: CommandStatus;
}

/** Where the engine dies, to be started again a second later. */
export interface Death {
  /** Comes to the point where it does. */
  readonly at: (rig: EngineRig) => Promise<unknown>;
  /** What befalls the host while it is down. */
  readonly meanwhile?: (rig: EngineRig) => void;
}

const aRow = (handlers: Handlers): DrivenRow => ({ source: '', given: '', when: '', handlers, ovirt: '', then: [], status: 'RUNNING' });

/** Runs a command of these handlers to its end, over a death of its engine if there is one. */
export function runs(handlers: Handlers, { happens, status }: Course, more: (rig: EngineRig) => void | Promise<void> = () => undefined, death?: Death): Promise<void> {
  return withRig(rigOf(aRow(handlers)), async (rig) => {
    rig.submit('c1', 'Row');
    const before = death === undefined ? [] : await die(rig, death);
    await rig.run();
    const after = tell(rig.probes.slice(before.length), before);
    expect(death === undefined ? after : [...tell(before), 'crash', ...after]).toEqual(happens);
    expect((await rig.command()).status).toBe(status);
    const store = await rig.stored();
    expect({ locks: store.locks.size, tasks: store.tasks.size, onHost: rig.host.tasks.size }).toEqual({ locks: isHeld(status) ? 1 : 0, tasks: 0, onHost: 0 });
    await more(rig);
  });
}

async function die(rig: EngineRig, { at, meanwhile }: Death): Promise<readonly Probe[]> {
  await at(rig);
  const before = [...rig.probes];
  rig.restart();
  meanwhile?.(rig);
  return before;
}

/** Different tasks that the host has taken. */
export const tasksTaken = (rig: EngineRig): number => new Set(rig.host.submissions.map(({ taskId }) => taskId)).size;

/** A step that goes well, of one task. */
export const well = (name: string): readonly string[] => [`${name}.beforeTask`, `${name}.createTask`, `${name} task`, `${name} task ended well`, `${name}.endSuccessfully`];

/** What the record holds that callbacks change. */
export const recordOf = async (rig: EngineRig): Promise<unknown> => (await rig.stored()).entities.get('record/r')?.value;

/** The host's acknowledgement of so many tasks is on disk. */
export const acknowledged =
  (nth: number): Death['at'] =>
  (rig) =>
    rig.runUntil(({ type }) => type === 'taskSubmitted', nth);

/** A callback of the command is about to run, or was committed. */
export const callback =
  (type: 'callbackRuns' | 'callbackCommitted', name: CallbackName, index: number): Death['at'] =>
  (rig) =>
    rig.runUntil((probe) => probe.type === type && probe.callback === name && probe.index === index && probe.commandId === 'c1');

/** The host has taken a task of such a verb, and the engine does not know. */
export const taken =
  (verb: string): Death['at'] =>
  async (rig) => {
    while (!rig.host.submissions.some((one) => one.verb === verb)) await rig.kernel.step();
  };

/** Of so many tasks that were offered the host has taken so many, which run; the others it would take later. */
export const afterTaking = (count: number, of: number): Death => ({
  at: async (rig) => {
    let answered = 0;
    const { script } = rig.host;
    rig.host.script = { ...script, submit: () => ((answered += 1) <= count ? 0 : RECOVERING), status: () => RUNNING };
    while (answered < of || rig.told('taskSubmitted').length < count) await rig.kernel.step();
    rig.host.script = script;
  },
});
