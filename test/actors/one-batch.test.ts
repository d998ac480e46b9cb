import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { QUEUE_FULL, TASK_UNKNOWN } from '../../actors/wire.js';
import { StoreMirror, type Batch } from '../../sim/invariants/store-mirror.js';
import { defineCommand } from '../../src/model/command.js';
import { entityKind, type EntityView } from '../../src/model/entity.js';
import { taskHandler } from '../../src/model/handler.js';
import type { CommandState } from '../../src/flow/state.js';
import { SECOND, withRig } from './engine-rig.js';
import { FAILED, RUNNING } from './scripted-host.js';

// What must be durable together is in one batch of the engine's disk.

const NOTE = entityKind<{ readonly of: string }>('note');
const step = taskHandler<unknown>();
const WORK = { verb: 'work', args: {}, pool: 'pool1' };

const noting = (of: string) => ({ entities }: { readonly entities: EntityView }): void => entities.put(NOTE, of, { of });

const child = defineCommand({ type: 'Child', params: z.strictObject({}) }).step(step({ name: 'only', effectFree: true })).build();

/** Its callbacks each leave a note; the second step may fail. */
const parent = defineCommand({ type: 'Parent', params: z.strictObject({}), locks: () => [{ key: 'l', mode: 'exclusive' }] })
  .step(step({
    name: 'one',
    beforeTask: (ctx) => {
      noting('before')(ctx);
      ctx.startTask({ ...WORK, verb: 'first' });
      ctx.startChild({ type: 'Child', params: {} });
    },
    createTask: () => [WORK, WORK],
    endSuccessfully: noting('end'),
    compensate: (ctx) => {
      noting('undo')(ctx);
      return { ...WORK, verb: 'revert' };
    },
  }))
  .step(step({ name: 'two', createTask: () => ({ ...WORK, verb: 'last' }), endWithFailure: noting('failure'), compensate: () => undefined }))
  .build();

interface Seen {
  /** Each batch, with what the disk held after it. */
  readonly batches: readonly Batch[];
  /** The one batch that wrote this note. */
  readonly of: (note: string) => Batch;
}

async function watched(end: 'well' | 'badly', check: (seen: Seen) => void | Promise<void>): Promise<void> {
  const mirror = new StoreMirror();
  const batches: Batch[] = [];
  const status = (verb: string) => (verb === 'last' && end === 'badly' ? FAILED : {});
  await withRig({ commands: [parent, child], host: { status }, written: (ops) => void batches.push(mirror.apply(ops)) }, async (rig) => {
    rig.submit('c1', 'Parent');
    await rig.run();
    const of = (note: string): Batch => {
      const [found, ...more] = batches.filter(({ entities }) => entities.some(({ id }) => id === `note/${note}`));
      if (found === undefined || more.length > 0) throw new Error(`${note} was written in ${found === undefined ? 'no batch' : 'several batches'}`);
      return found;
    };
    await check({ batches, of });
  });
}

/** The command as a batch wrote it. */
function stateIn({ commands }: Batch, id = 'c1'): CommandState {
  const state = commands.find((command) => command.id === id)?.after;
  if (state === undefined) throw new Error(`${id} was not written`);
  return state;
}

const placed = ({ tasks }: Batch) => tasks.flatMap(({ before, after }) => (before === undefined && after !== undefined ? [after] : []));

describe('one batch has', () => {
  test('what beforeTask and createTask changed, the phase, and a placeholder of each task and child', async () => {
    await watched('well', ({ of }) => {
      const batch = of('before');
      expect(stateIn(batch)).toMatchObject({ executionIndex: 0, phase: { at: 'work', of: 'step' }, steps: [{ begun: true }] });
      const placeholder = { commandId: 'c1', executionIndex: 0, executionReason: 'REGULAR_FLOW', attempt: 1, pool: 'pool1', args: {}, state: 'Placeholder' };
      expect(placed(batch)).toMatchObject([
        { ...placeholder, id: 'c1$0.w1.1.0', verb: 'first' },
        { ...placeholder, id: 'c1$0.w1.1.2', verb: 'work' },
        { ...placeholder, id: 'c1$0.w1.1.3', verb: 'work' },
      ]);
      expect(stateIn(batch, 'c1!0.1.1')).toMatchObject({ status: 'SUBMITTED', type: 'Child', parent: { commandId: 'c1', step: 0 } });
      expect(batch.history.map(({ entry }) => entry?.callback)).toEqual(['beforeTask', 'createTask']);
    });
  });

  test('what endSuccessfully changed, and the next executionIndex', async () => {
    await watched('well', ({ of }) => {
      expect(stateIn(of('end'))).toMatchObject({ executionIndex: 1, steps: [{ completed: true }, { begun: false }] });
    });
  });

  test('what an undo changed, where the rollback is, and a placeholder of its revert task', async () => {
    await watched('badly', ({ of }) => {
      expect(stateIn(of('failure'))).toMatchObject({ status: 'ROLLING_BACK', executionIndex: 0, executionReason: 'ROLLBACK_FLOW' });
      const batch = of('undo');
      expect(stateIn(batch)).toMatchObject({ executionIndex: 0, phase: { at: 'work', of: 'compensate' } });
      expect(placed(batch)).toMatchObject([{ id: 'c1$0.c1.1.0', verb: 'revert', state: 'Placeholder', executionReason: 'ROLLBACK_FLOW' }]);
    });
  });

  test.each([
    ['well', 'SUCCEEDED'],
    ['badly', 'ROLLED_BACK'],
  ] as const)('the end of a command that ends %s, and its locks, which are released in no other', async (end, status) => {
    await watched(end, ({ batches }) => {
      const released = batches.filter(({ locks }) => locks.some(({ after }) => after === undefined));
      expect(released.map((batch) => [stateIn(batch).status, batch.locks.map(({ before }) => before?.key)])).toEqual([[status, ['l']]]);
    });
  });
});

test('a task is cleared on its host when the outcome is durable that its command has made of it, and not before: a failed one and a reverting one too', async () => {
  const mirror = new StoreMirror();
  const cleared: string[] = [];
  const consumed = (taskId: string): string => {
    const work = mirror.commands.get('c1')?.steps.flatMap((one) => [...one.work, ...one.revertWork]) ?? [];
    const item = work.find(({ id }) => id === taskId);
    return `${item?.kind === 'task' ? item.verb : 'nothing'} ${item?.outcome?.kind ?? 'is not over'}, ${mirror.tasks.get(taskId)?.state ?? 'no record'}`;
  };
  await withRig({ commands: [parent, child], written: (ops) => void mirror.apply(ops) }, async (rig) => {
    const clear = (taskId: string): number => {
      cleared.push(consumed(taskId));
      rig.host.tasks.delete(taskId);
      return TASK_UNKNOWN;
    };
    rig.host.script = { status: (verb) => (verb === 'last' ? FAILED : {}), clear };
    rig.submit('c1', 'Parent');
    await rig.run();
    expect(cleared.toSorted()).toEqual(['first succeeded, Ending', 'last failed, Ending', 'revert succeeded, Ending', 'work succeeded, Ending', 'work succeeded, Ending']);
    // That it is absent is as good as that it is cleared.
    expect([(await rig.command()).status, mirror.tasks.size]).toEqual(['ROLLED_BACK', 0]);
  });
});

test('what is submitted, also after a crash, is what the placeholder says: no callback is asked again', async () => {
  const asking = (disk: string) =>
    defineCommand({ type: 'Copy', params: z.strictObject({}) })
      .step(step({ name: 'copy', createTask: () => ({ verb: `copy-${disk}`, args: { disk }, pool: 'pool1' }) }))
      .build();
  await withRig({ commands: [asking('d1')], host: { submit: () => QUEUE_FULL, status: () => RUNNING } }, async (rig) => {
    rig.submit('c1', 'Copy');
    await rig.runFor(5 * SECOND);
    const runs = rig.told('callbackRuns').length;
    // The same list of handlers: the program can go on with it, and would now ask for something else.
    rig.restart([asking('d2')]);
    await rig.runFor(5 * SECOND);
    rig.host.script = {};
    await rig.run();
    expect(new Set(rig.host.submissions.map(({ taskId, verb, args }) => JSON.stringify([taskId, verb, args])))).toEqual(new Set([JSON.stringify(['c1$0.w1.1.0', 'copy-d1', { disk: 'd1' }])]));
    expect(rig.told('callbackRuns').slice(runs).map(({ callback }) => callback)).toEqual(['endSuccessfully']);
  });
});
