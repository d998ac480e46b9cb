import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { STALE } from '../../../actors/wire.js';
import { defineCommand } from '../../../src/model/command.js';
import type { Data } from '../../../src/model/data.js';
import { taskHandler } from '../../../src/model/handler.js';
import { SECOND, withRig } from '../engine-rig.js';
import type { CallReply } from '../scripted-host.js';

const params = z.record(z.string(), z.unknown());
const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_000 };

const command = () => defineCommand({ type: 'T', params });
const step = taskHandler<unknown>();

/** A host that answers another number each time. */
const counting = (): (() => CallReply) => {
  let n = 0;
  return () => ({ result: (n += 1) });
};

describe('what a callback reads of a host', () => {
  test('it is given, or the host’s code is thrown; no call is made or recorded for it', async () => {
    const seen: Data[] = [];
    const reading = command().step(step({ name: 'one', beforeTask: async ({ read }) => {
      seen.push(await read('host1', 'look', { at: 'd1' }));
      await read('host1', 'stare', {});
    } })).build();
    const host = { read: (verb: string, args: Data): CallReply => (verb === 'look' ? { result: args } : { code: 48 }) };
    await withRig({ commands: [reading], host }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([seen, rig.host.calls]).toEqual([[{ at: 'd1' }], []]);
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'CALL_FAILED', hostCode: 48 } });
    });
  });

  test('is what it was when the callback runs again, if a call came after it: that may have come of it', async () => {
    const acting = command().step(step({ name: 'one', beforeTask: async ({ read, call }) => {
      const found = await read('host1', 'look', {});
      await call('host1', 'act', { found });
    } })).build();
    await withRig({ commands: [acting] }, async (rig) => {
      let silent = true;
      rig.host.script = { read: counting(), call: () => (silent ? 'silence' : { result: null }) };
      rig.submit('c1', 'T');
      await rig.runFor(2 * SECOND);
      silent = false;
      rig.restart();
      await rig.run();
      expect([(await rig.command()).status, rig.host.calls.map(({ args }) => args)]).toEqual(['SUCCEEDED', [{ found: 1 }, { found: 1 }]]);
    });
  });

  test('is so in the next attempt, too, if the call went well', async () => {
    const seen: Data[] = [];
    const acting = command().step(step({ name: 'one', retry: THRICE, beforeTask: async ({ read, call, attempt }) => {
      const found = await read('host1', 'look', {});
      await call('host1', 'act', { found });
      seen.push([found, await read('host1', 'look', {})]);
      if (attempt === 1) throw new Error('not now');
    } })).build();
    await withRig({ commands: [acting], host: { read: counting() } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      // What is read after the last call is read anew.
      expect([(await rig.command()).status, seen, rig.host.calls.length]).toEqual(['SUCCEEDED', [[1, 2], [1, 3]], 1]);
    });
  });

  test.each<[what: string, reply: CallReply]>([['is not answered', 'silence'], ['was taken for one of an attempt that is over', { code: STALE }]])('%s: it is unknown, and the next attempt may ask otherwise', async (_, reply) => {
    const asked: Data[] = [];
    const asking = command().step(step({ name: 'one', retry: { ...THRICE, retryIf: { only: { codes: ['CALL_UNKNOWN'] } } }, beforeTask: async ({ read, attempt }) => void (await read('host1', 'look', { attempt })) })).build();
    const host = { read: (_verb: string, args: Data): CallReply => {
      asked.push(args);
      return asked.length === 1 ? reply : { result: null };
    } };
    await withRig({ commands: [asking], host }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, asked]).toEqual(['SUCCEEDED', [{ attempt: 1 }, { attempt: 2 }]]);
    });
  });

  test('is waited for by nobody: an undo begins though the host says nothing any more', async () => {
    const asking = command()
      .step(step({ name: 'made', endSuccessfully: () => null, compensate: () => undefined }))
      .step(step({ name: 'one', beforeTask: async ({ read }) => void (await read('host1', 'look', {})), endWithFailure: () => undefined }))
      .build();
    await withRig({ commands: [asking], host: { read: () => 'silence', drain: () => 'silence' } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, rig.host.drains]).toEqual(['ROLLED_BACK', []]);
      expect(await rig.command()).toMatchObject({ error: { code: 'CALL_UNKNOWN', callUnknown: true } });
      expect(rig.kernel.now).toBeLessThan(200 * SECOND);
    });
  });

  test('changes nothing: a step that has only read has nothing to undo, and has crossed nothing', async () => {
    const asking = command()
      .step(step({
        name: 'one',
        pointOfNoReturn: { part: 'beforeTask', hasPassed: () => 'passed' },
        beforeTask: async ({ read }) => {
          await read('host1', 'look', {});
          throw new Error('not now');
        },
      }))
      .build();
    await withRig({ commands: [asking] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { message: 'not now' } });
      expect((await rig.history()).filter((entry) => entry.startsWith('hasPassed'))).toEqual([]);
    });
  });

  test('at the place of a call that was recorded there parks the command, if it is of something else', async () => {
    let runs = 0;
    const fickle = command().step(step({ name: 'one', beforeTask: async ({ read, call }) => {
      runs += 1;
      if (runs > 1) await read('host1', 'look', {}).catch(() => undefined);
      await call('host1', 'act', {});
    } })).build();
    await withRig({ commands: [fickle], host: { call: () => 'silence' } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.runFor(2 * SECOND);
      rig.restart();
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'PARKED', heldBy: { code: 'NONDETERMINISTIC_CALLBACK' } });
    });
  });
});
