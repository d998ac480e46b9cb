import { z } from 'zod';
import type { Probe } from '../../../actors/probe.js';
import { defineCommand, type CommandBuilder, type CommandDefinition } from '../../../src/model/command.js';
import { entityKind } from '../../../src/model/entity.js';
import { taskHandler } from '../../../src/model/handler.js';
import type { EngineRig, RigOptions } from '../../actors/engine-rig.js';
import { FAILED } from '../../actors/scripted-host.js';
import type { CallbackThatThrows, CrashAt, DrivenRow, HandlerSetup } from './row.js';

const RECORD = entityKind<{ readonly changes: number }>('record');
/** No code of a host's that says nothing about the task. */
const REFUSED = 1000;

/** How a verb's tasks end is part of its name. */
const task = (handler: string, ends: string) => ({ verb: `${handler}-${ends}`, args: {}, pool: 'pool1' });

/** The command of a row, and those of its children. */
function commandsOf({ handlers }: DrivenRow): readonly CommandDefinition[] {
  const params = z.strictObject({});
  const row = defineCommand({ type: 'Row', params, locks: () => [{ key: 'lock', mode: 'exclusive' }] }) as unknown as CommandBuilder<object, object>;
  const child = (type: string) => defineCommand({ type, params });
  const built = handlers.reduce((builder, setup, i) => builder.step(handlerOf(`h${i + 1}`, setup) as never) as never, row);
  return [
    built.build(),
    child('Well').step({ name: 'only', effectFree: true }).build(),
    child('Badly').step({ name: 'only', beforeTask: () => fail('the child') }).build(),
  ];
}

function handlerOf(name: string, setup: HandlerSetup) {
  const { tasks = [], throws, throwsOnce, revertTask, attempts = 1, leaves, hearsOfCompensation, changesRecordIn, children = [] } = setup;
  const may = (callback: CallbackThatThrows, attempt: number): void => {
    if (throws === callback && !(throwsOnce === true && attempt > 1)) fail(`${name}.${callback}`);
  };
  const revert = (from: string) => (revertTask?.from === from ? task(name, `revert-${revertTask.ends}`) : undefined);
  return taskHandler<unknown>()({
    name,
    retry: { attempts },
    beforeTask: ({ entities, attempt, startChild }) => {
      if (changesRecordIn === 'beforeTask') entities.update(RECORD, 'r', ({ changes }) => ({ changes: changes + 1 }));
      for (const end of children) startChild({ type: end === 'well' ? 'Well' : 'Badly', params: {}, independent: true });
      may('beforeTask', attempt);
    },
    createTask: ({ attempt }) => {
      may('createTask', attempt);
      return tasks.map((ends) => task(name, ends));
    },
    endSuccessfully: ({ entities, attempt }) => {
      if (changesRecordIn === 'endSuccessfully') entities.update(RECORD, 'r', ({ changes }) => ({ changes: changes + 1 }));
      may('endSuccessfully', attempt);
    },
    endWithFailure: ({ attempt }) => {
      may('endWithFailure', attempt);
      return revert('endWithFailure');
    },
    compensate: ({ attempt }) => {
      may('compensate', attempt);
      return revert('compensate');
    },
    ...(hearsOfCompensation === undefined ? {} : { compensationEnded: () => undefined }),
    ...(leaves === undefined ? {} : { leaves: () => [{ verb: 'copy', object: name }] }),
  });
}

function fail(what: string): never {
  throw new Error(`${what} fails`);
}

export function rigOf(row: DrivenRow): RigOptions {
  /** Of each verb that fails once, the task that does. */
  const unlucky = new Map<string, string>();
  return {
    commands: commandsOf(row),
    entities: { 'record/r': { changes: 0 } },
    host: {
      submit: (verb, taskId) => {
        if (verb.endsWith('-twice') && !unlucky.has(verb)) unlucky.set(verb, taskId);
        return verb.endsWith('-refused') ? REFUSED : 0;
      },
      status: (verb, taskId) => (verb.endsWith('-badly') || unlucky.get(verb) === taskId ? FAILED : {}),
    },
  };
}

/** Drives the row to its end. @returns what happened, in the words of the tables */
export async function happened(row: DrivenRow, rig: EngineRig): Promise<readonly string[]> {
  rig.submit('c1', 'Row');
  if (row.crash === undefined) return tell((await rig.run()).probes);
  await comeTo(row.crash, rig);
  const before = rig.probes.length;
  rig.restart();
  await rig.run();
  return [...tell(rig.probes.slice(0, before)), 'crash', ...tell(rig.probes.slice(before), rig.probes.slice(0, before))];
}

async function comeTo(crash: CrashAt, rig: EngineRig): Promise<void> {
  switch (crash.just) {
    case 'before the commit of':
      await rig.runUntil((probe) => probe.type === 'callbackRuns' && probe.callback === crash.callback && probe.index === crash.step - 1);
      return;
    case 'when the host has accepted': {
      const isIt = (verb: string): boolean => verb.startsWith(`h${crash.step}-`) && verb.includes('-revert-') === (crash.task === 'revert task');
      while (!rig.host.submissions.some(({ verb }) => isIt(verb))) await rig.kernel.step();
    }
  }
}

/** What was told, in the words of the tables. @param earlier what was told before, of tasks that end now */
export function tell(probes: readonly Probe[], earlier: readonly Probe[] = []): readonly string[] {
  const tasks = new Map<string, string>();
  const lines: string[] = [];
  for (const probe of [...earlier, ...probes]) {
    switch (probe.type) {
      case 'callbackCommitted':
        if (probe.commandId === 'c1') lines.push(`${probe.handler}.${probe.callback}${probe.threw === null ? '' : ' threw'}`);
        break;
      case 'commandSubmitted':
        if (probe.parentId === 'c1') lines.push(`h${probe.commandId.split(/[!.]/)[1] === '0' ? 1 : 2} child`);
        break;
      case 'taskPlaced': {
        const what = `h${probe.executionIndex + 1}${probe.verb.includes('-revert-') ? ' revert' : ''} task`;
        tasks.set(probe.taskId, what);
        lines.push(what);
        break;
      }
      case 'taskEnded':
        lines.push(`${tasks.get(probe.taskId) ?? probe.taskId} ended ${probe.outcome.kind === 'succeeded' ? 'well' : 'badly'}`);
        break;
      default:
    }
  }
  return earlier.length === 0 ? lines : lines.slice(tell(earlier).length);
}
