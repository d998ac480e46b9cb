import { DEFAULT_ENGINE_SETTINGS } from '../../actors/settings.js';
import { limitsOf } from '../../sim/invariants/patience.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { NOT_SPM, type EngineRequest } from '../../actors/wire.js';
import { exactlyOnce } from '../../sim/invariants/exactly-once.js';
import { Monitor } from '../../sim/invariants/monitor.js';
import { SharedStorage } from '../../sim/world/shared-storage.js';
import { VERBS } from '../../sim/world/verbs/catalogue.js';
import { SECOND, withRig, type EngineRig, type RigOptions } from './engine-rig.js';

// The records of commands that are over go when they have been kept for long enough.

const params = z.looseObject({});
const step = taskHandler<z.output<typeof params>>();
const copy = { verb: 'copy', args: {}, pool: 'pool1' };
const QUICK = defineCommand({ type: 'Quick', params }).step(step({ name: 'only', effectFree: true })).build();
const COPY = defineCommand({ type: 'Copy', params }).step(step({ name: 'only', createTask: () => copy })).build();
const PARENT = defineCommand({ type: 'Parent', params })
  .step(step({ name: 'children', effectFree: true, beforeTask: ({ startChild }) => void startChild({ type: 'Quick', params: {} }), createTask: () => copy }))
  .build();
const COMMANDS = [QUICK, COPY, PARENT];
const MINUTE = 60 * SECOND;

const keep = (keepMs: number | null, keepCount: number | null): Pick<RigOptions, 'commands' | 'settings'> => ({ commands: COMMANDS, settings: { retention: { keepMs, keepCount } } });

async function answer(rig: EngineRig, body: EngineRequest) {
  const asked = rig.ask(body);
  await rig.runFor(5 * SECOND);
  const reply = rig.replies.get(asked);
  if (reply === undefined) throw new Error('no answer');
  return reply;
}

async function kept(rig: EngineRig) {
  const { commands, history, expired } = await rig.stored();
  return { commands: [...commands.keys()], history: [...history.keys()].sort(), expired: [...expired].sort() };
}

describe('a command that has been over for long enough', () => {
  test('is gone with its children, and its id is refused for good', async () => {
    await withRig(keep(5 * 60_000, null), async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.runFor(4 * MINUTE);
      const all = ['c1', 'c1!0.1.0'];
      expect(await kept(rig)).toEqual({ commands: all, history: all, expired: [] });
      await rig.runFor(3 * MINUTE);
      expect(await kept(rig)).toEqual({ commands: [], history: [], expired: ['c1'] });
      const commits = (await rig.stored()).heads.get('head')?.commitSeq;
      for (const restart of [false, true]) {
        if (restart) rig.restart();
        await rig.runFor(3 * SECOND);
        for (const commandId of all) {
          expect(await answer(rig, { op: 'commandStatus', commandId })).toMatchObject({ result: { code: 'COMMAND_EXPIRED', retryable: false } });
          expect(await answer(rig, { op: 'cancelCommand', commandId })).toMatchObject({ result: { code: 'COMMAND_EXPIRED' } });
        }
        for (const type of ['Parent', 'Quick']) expect(await answer(rig, { op: 'submitCommand', commandId: 'c1', type, params: {} })).toMatchObject({ result: { code: 'COMMAND_EXPIRED' } });
        expect(await answer(rig, { op: 'commandStatus', commandId: 'c2' })).toMatchObject({ result: { code: 'UNKNOWN_COMMAND' } });
      }
      // But for the engine's second start, nothing was written.
      expect((await rig.stored()).heads.get('head')?.commitSeq).toBe((commits ?? 0) + 1);
      rig.submit('c2', 'Quick');
      await rig.runFor(5 * SECOND);
      expect((await rig.command('c2')).status).toBe('SUCCEEDED');
    });
  });

  test('is one of those that ended before the last so many', async () => {
    await withRig(keep(null, 2), async (rig) => {
      for (let i = 1; i <= 5; i += 1) rig.submit(`c${i}`, 'Quick', {}, i * SECOND);
      await rig.runFor(2 * MINUTE);
      expect(await kept(rig)).toEqual({ commands: ['c4', 'c5'], history: ['c4', 'c5'], expired: ['c1', 'c2', 'c3'] });
      expect((await rig.stored()).heads.get('head')).toMatchObject({ ended: 2, expired: 3 });
    });
  });

  test('by default stays', async () => {
    await withRig({ commands: COMMANDS }, async (rig) => {
      rig.submit('c1', 'Quick');
      await rig.runFor(1_000 * MINUTE);
      expect((await kept(rig)).commands).toEqual(['c1']);
    });
  });

  test('stays while a host may hold a task of it; those after it go', async () => {
    await withRig({ ...keep(null, 0), host: { clear: () => NOT_SPM } }, async (rig) => {
      rig.submit('c1', 'Copy');
      rig.submit('c2', 'Quick');
      await rig.runFor(3 * MINUTE);
      expect(await kept(rig)).toMatchObject({ commands: ['c1'], expired: ['c2'] });
      rig.host.script = {};
      await rig.runFor(3 * MINUTE);
      expect(await kept(rig)).toEqual({ commands: [], history: [], expired: ['c1', 'c2'] });
    });
  });

  test('stays if it cannot be read, which is told, and keeps nobody from working', async () => {
    await withRig(keep(null, 0), async (rig) => {
      rig.submit('c1', 'Quick');
      await rig.runFor(10 * SECOND);
      const disk = rig.copyOfDisk();
      await disk.write([{ type: 'put', key: 'ended/0000000000000001/c1', value: Uint8Array.of(1) }]);
      rig.restartWith(disk);
      await rig.runFor(2 * MINUTE);
      expect(rig.told('retentionFailed')).toMatchObject([{ error: { code: 'STORE_CORRUPT' } }]);
      rig.submit('c2', 'Quick');
      await rig.runFor(10 * SECOND);
      expect((await kept(rig)).commands).toEqual(['c1', 'c2']);
    });
  });
});

test('crashed at each port operation, a family is there or gone, and gone in the end', { timeout: 120_000 }, async () => {
  const crash = async (at: 'before' | 'after', portOperation: number): Promise<boolean> => {
    let crashed = false;
    const broken: string[] = [];
    const monitor = new Monitor(
      {
        definitions: new Map(COMMANDS.map((definition) => [definition.type, definition])),
        pools: [],
        storage: new SharedStorage(VERBS),
        store: [],
        limits: limitsOf(DEFAULT_ENGINE_SETTINGS),
        lost: null,
        now: 0,
        report: ({ where, detail }) => broken.push(`${where}: ${detail}`),
      },
      [exactlyOnce],
    );
    await withRig({ ...keep(null, 0), written: (ops) => monitor.batch(0, ops) }, async (rig) => {
      rig.engine.planCrash({ at, portOperation }, () => {
        crashed = true;
        rig.startAgain();
      });
      for (const time of [0.2, 12, 20]) rig.submit('c1', 'Parent', {}, time * SECOND);
      await rig.runFor(5 * MINUTE);
      expect([at, portOperation, await kept(rig), broken]).toEqual([at, portOperation, { commands: [], history: [], expired: ['c1'] }, []]);
    });
    return crashed;
  };
  let operation = 1;
  while ((await crash('before', operation)) && (await crash('after', operation))) operation += 1;
  expect(operation).toBeGreaterThan(30);
});

test('a thousand commands that are over leave nothing in the memory of the engine', { timeout: 120_000 }, async () => {
  await withRig(keep(null, 100), async (rig) => {
    for (let i = 0; i < 1_000; i += 1) rig.submit(`c${i}`, i % 10 === 0 ? 'Parent' : 'Quick', {}, (200 + i * 20) * 1_000);
    await rig.runFor(10 * MINUTE);
    expect((await rig.stored()).heads.get('head')).toMatchObject({ ended: 100, expired: 900 });
    expect([rig.memory?.commands.size, [...(rig.memory?.locks.records() ?? [])].length]).toEqual([0, 0]);
  });
});
