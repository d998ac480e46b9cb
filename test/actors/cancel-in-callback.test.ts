import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Data } from '../../src/model/data.js';
import { defineCommand } from '../../src/model/command.js';
import { entityKind, type EntityView } from '../../src/model/entity.js';
import { taskHandler } from '../../src/model/handler.js';
import { withRig, type EngineRig } from './engine-rig.js';

// A cancel that is decided while a callback is under way.

const NOTE = entityKind<{ readonly by: string }>('note');
const CALLS = 6;
const step = taskHandler<unknown>();

type Part = 'beforeTask' | 'endSuccessfully';

/** Its second step, in this callback, calls a host so often that a cancel meanwhile is decided before it returns. What its undo is told is noted in `told`. */
function calling(part: Part, told: unknown[], crosses = false) {
  const call = async (ctx: { readonly entities: EntityView; readonly call: (host: string, verb: string, args: { readonly [key: string]: Data }) => Promise<Data> }): Promise<string> => {
    for (let n = 0; n < CALLS; n += 1) await ctx.call('host1', 'look', { n });
    ctx.entities.put(NOTE, 'n', { by: part });
    return part;
  };
  return defineCommand({ type: 'Calling', params: z.strictObject({}) })
    .step(step({ name: 'first', endSuccessfully: () => 'made', compensate: ({ output }) => void told.push(['first', output]) }))
    .step(step({
      name: 'calls',
      retry: { attempts: 3, backoffMs: 1_000 },
      ...(crosses ? { pointOfNoReturn: { part, hasPassed: () => 'notPassed' as const } } : {}),
      ...(part === 'beforeTask' ? { beforeTask: call } : { endSuccessfully: call }),
      endWithFailure: ({ before, failure }) => void told.push(['failed', before, failure.beforeCommitted, failure.error.code]),
      compensate: ({ output }) => void told.push(['completed', output]),
    }))
    .build();
}

/** Cancels when the host has the second of the calls. @returns what the client was told */
async function cancelled(rig: EngineRig): Promise<unknown> {
  const asked: string[] = [];
  rig.host.script = { call: ({ args }) => {
    if (args.n === 1) asked.push(rig.ask({ op: 'cancelCommand', commandId: 'c1' }));
    return { result: null };
  } };
  rig.submit('c1', 'Calling');
  await rig.run();
  return rig.replies.get(asked[0] ?? '')?.result;
}

describe('a cancel during', () => {
  test('beforeTask: its commit is refused, as if it threw; it is not tried again, and endWithFailure knows nothing of it', async () => {
    const told: unknown[] = [];
    await withRig({ commands: [calling('beforeTask', told)] }, async (rig) => {
      expect(await cancelled(rig)).toEqual({ commandId: 'c1', cancel: 'accepted' });
      expect(rig.host.calls).toHaveLength(CALLS);
      expect([(await rig.command()).status, (await rig.stored()).entities.size]).toEqual(['ROLLED_BACK', 0]);
      expect((await rig.history()).slice(3)).toEqual(['createTask 1 #1 CANCELLED', 'endWithFailure 1 #1 ok', 'compensate 0 #1 ok']);
      expect(told).toEqual([['failed', undefined, false, 'CANCELLED'], ['first', 'made']]);
    });
  });

  test('endSuccessfully: its commit is refused, as if it threw; the step is completed, and compensate sees no output', async () => {
    const told: unknown[] = [];
    await withRig({ commands: [calling('endSuccessfully', told)] }, async (rig) => {
      expect(await cancelled(rig)).toEqual({ commandId: 'c1', cancel: 'accepted' });
      expect(rig.host.calls).toHaveLength(CALLS);
      expect([(await rig.command()).status, (await rig.stored()).entities.size]).toEqual(['ROLLED_BACK', 0]);
      expect((await rig.history()).slice(5)).toEqual(['endSuccessfully 1 #1 CANCELLED', 'compensate 1 #1 ok', 'compensate 0 #1 ok']);
      expect(told).toEqual([['completed', undefined], ['first', 'made']]);
    });
  });

  test.each<Part>(['beforeTask', 'endSuccessfully'])('%s, which may cross the point of no return: it is pending, and hasPassed decides', async (part) => {
    const told: unknown[] = [];
    await withRig({ commands: [calling(part, told, true)] }, async (rig) => {
      expect(await cancelled(rig)).toEqual({ commandId: 'c1', cancel: 'pending' });
      expect([(await rig.command()).status, (await rig.history()).includes('hasPassed 1 #1 notPassed')]).toEqual(['ROLLED_BACK', true]);
      expect(told[0]).toEqual(part === 'beforeTask' ? ['failed', undefined, false, 'CANCELLED'] : ['completed', undefined]);
    });
  });
});
