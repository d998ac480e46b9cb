import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { withRig } from './engine-rig.js';
import { FAILED } from './scripted-host.js';

// What the undo of a step is told of what the step had done, also by an engine that has it from its disk.

const step = taskHandler<unknown>();
const COPY = { verb: 'copy', args: {}, pool: 'pool1' };
const no = (): never => {
  throw new Error('no');
};

type Callbacks = Pick<Partial<Parameters<typeof step>[0]>, 'beforeTask' | 'createTask' | 'endSuccessfully'>;

/** A step with an output, one that fails as it is told to, and what their undo is told. */
function failing(callbacks: Callbacks, told: unknown[]) {
  return defineCommand({ type: 'T', params: z.strictObject({}) })
    .step(step({
      name: 'zero',
      beforeTask: ({ newId }) => newId('volume'),
      endSuccessfully: () => ({ size: 7 }),
      compensate: async ({ before, output, newId, call }) => {
        told.push(['compensate 0', before, output, newId('volume')]);
        await call('host1', 'unmake', {});
      },
    }))
    .step(step({
      name: 'one',
      createTask: () => COPY,
      ...callbacks,
      endWithFailure: async ({ before, failure, newId, call }) => {
        told.push(['endWithFailure 1', before, failure.beforeCommitted, newId('volume')]);
        await call('host1', 'unmake', {});
      },
      compensate: ({ before, output }) => void told.push(['compensate 1', before, output]),
    }))
    .build();
}

describe.each(['the engine that did it', 'an engine that has it from its disk'])('the undo is told by %s', (by) => {
  test.each<[what: string, callbacks: Callbacks, ...told: unknown[]]>([
    ['nothing of beforeTask, if that threw', { beforeTask: no }, ['endWithFailure 1', undefined, false, 'c1$1.volume']],
    ['nothing of beforeTask, if createTask threw', { beforeTask: () => 'b', createTask: no }, ['endWithFailure 1', undefined, false, 'c1$1.volume']],
    ['what beforeTask gave, if a task failed', { beforeTask: () => 'b' }, ['endWithFailure 1', 'b', true, 'c1$1.volume']],
    ['no output, if endSuccessfully threw', { beforeTask: () => 'b', createTask: () => undefined, endSuccessfully: no }, ['compensate 1', 'b', undefined]],
  ])('%s', async (_, callbacks, own) => {
    const told: unknown[] = [];
    const definition = failing(callbacks, told);
    await withRig({ commands: [definition], host: { status: () => FAILED } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.runUntil((probe) => probe.type === 'statusChanged' && probe.status === 'ROLLING_BACK');
      if (by !== 'the engine that did it') {
        told.splice(0);
        rig.restart();
      }
      await rig.run();
      expect([(await rig.command()).status, told]).toEqual(['ROLLED_BACK', [own, ['compensate 0', 'c1$0.volume', { size: 7 }, 'c1$0.volume']]]);
    });
  });
});
