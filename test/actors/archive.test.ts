import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { childIdsOf } from '../../actors/engine/status.js';
import type { Data } from '../../src/model/data.js';
import type { EngineRequest } from '../../actors/wire.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { RUNNING } from './scripted-host.js';

// Commands that are over leave the engine's memory. What is asked of them is read from the disk.

const params = z.strictObject({ n: z.int().default(0) });
type Params = z.output<typeof params>;

const QUICK = defineCommand({ type: 'Quick', params }).step(taskHandler<Params>()({ name: 'only', effectFree: true })).build();
const PARENT = defineCommand({ type: 'Parent', params })
  .step(taskHandler<Params>()({
    name: 'children',
    beforeTask: ({ startChild }) => {
      for (let n = 0; n < 3; n += 1) startChild({ type: 'Quick', params: { n }, independent: true });
    },
    createTask: ({ params: { n } }) => (n === 0 ? undefined : { verb: 'copy', args: {}, pool: 'pool1' }),
  }))
  .build();

async function answer(rig: EngineRig, body: EngineRequest) {
  const asked = rig.ask(body);
  await rig.run();
  const reply = rig.replies.get(asked);
  if (reply === undefined) throw new Error('no answer');
  return reply;
}

describe('a command that is over', () => {
  test('is told of, is the same when it is submitted again, and is no other', async () => {
    await withRig({ commands: [QUICK] }, async (rig) => {
      rig.submit('c1', 'Quick', { n: 1 });
      await rig.run();
      for (const restart of [false, true]) {
        if (restart) rig.restart();
        await rig.run();
        const writes = (await rig.stored()).heads.get('head')?.commitSeq;
        expect(rig.memory?.commands.size).toBe(0);
        expect(await answer(rig, { op: 'commandStatus', commandId: 'c1' })).toMatchObject({ code: 0, result: { status: 'SUCCEEDED' } });
        expect(await answer(rig, { op: 'submitCommand', commandId: 'c1', type: 'Quick', params: { n: 1 } })).toMatchObject({ code: 0, result: { status: 'SUCCEEDED' } });
        expect(await answer(rig, { op: 'submitCommand', commandId: 'c1', type: 'Quick', params: { n: 2 } })).toMatchObject({ result: { code: 'DUPLICATE_COMMAND' } });
        expect(await answer(rig, { op: 'cancelCommand', commandId: 'c1' })).toMatchObject({ result: { code: 'CANCEL_REFUSED' } });
        expect(await answer(rig, { op: 'commandStatus', commandId: 'c2' })).toMatchObject({ result: { code: 'UNKNOWN_COMMAND' } });
        expect((await rig.stored()).heads.get('head')?.commitSeq).toBe(writes);
      }
    });
  });

  test('submitted many times at once is one', async () => {
    await withRig({ commands: [QUICK] }, async (rig) => {
      const asked = Array.from({ length: 5 }, () => rig.submit('c1', 'Quick', {}, 100_000));
      await rig.run();
      expect(asked.map((correlation) => rig.replies.get(correlation)?.code)).toEqual([0, 0, 0, 0, 0]);
      expect(await rig.history()).toHaveLength(3);
    });
  });

  test('is told of by its parent, which lives on and after its own end; an engine that starts meanwhile finds it too', async () => {
    const statuses = (result: Data) => (result as { readonly children: readonly { readonly commandId: string; readonly status: string }[] }).children;
    await withRig({ commands: [QUICK, PARENT], host: { status: () => RUNNING } }, async (rig) => {
      rig.submit('c1', 'Parent', { n: 1 });
      await rig.runFor(20 * SECOND);
      const asked: string[] = [rig.ask({ op: 'commandStatus', commandId: 'c1' })];
      await rig.runFor(SECOND);
      expect([...(rig.memory?.commands.keys() ?? [])]).toEqual(['c1']);
      rig.restart();
      await rig.runFor(20 * SECOND);
      asked.push(rig.ask({ op: 'commandStatus', commandId: 'c1' }));
      await rig.runFor(SECOND);
      rig.host.script = {};
      await rig.run();
      const told = [...asked.map((correlation) => rig.replies.get(correlation)), await answer(rig, { op: 'commandStatus', commandId: 'c1' })];
      expect(told.map((reply) => (reply?.result as { readonly status: string }).status)).toEqual(['RUNNING', 'RUNNING', 'SUCCEEDED']);
      const children = childIdsOf(await rig.command('c1')).map((commandId) => ({ commandId, status: 'SUCCEEDED' }));
      expect(children).toHaveLength(3);
      for (const reply of told) expect(statuses(reply?.result ?? null)).toEqual(children);
    });
  });
});

test('crashed at each port operation, a parent hears of its children, whose ends are on the disk alone', { timeout: 60_000 }, async () => {
  const crash = async (at: 'before' | 'after', portOperation: number): Promise<boolean> => {
    let crashed = false;
    await withRig({ commands: [QUICK, PARENT] }, async (rig) => {
      rig.engine.planCrash({ at, portOperation }, () => {
        crashed = true;
        rig.startAgain();
      });
      for (const time of [0.2, 10]) rig.submit('c1', 'Parent', {}, time * SECOND);
      await rig.run();
      expect([at, portOperation, [...(await rig.stored()).commands.values()].map(({ status }) => status)]).toEqual([at, portOperation, ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']]);
      expect(rig.memory?.commands.size).toBe(0);
    });
    return crashed;
  };
  let operation = 1;
  while ((await crash('before', operation)) && (await crash('after', operation))) operation += 1;
  expect(operation).toBeGreaterThan(20);
});
