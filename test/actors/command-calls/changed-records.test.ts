import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../../src/model/command.js';
import { taskHandler } from '../../../src/model/handler.js';
import { COUNTER, disturbed } from '../disturbance.js';
import { withRig } from '../engine-rig.js';
import type { HostScript } from '../scripted-host.js';

const params = z.record(z.string(), z.unknown());
const THRICE = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 1_000 };

const command = (type = 'T') => defineCommand({ type, params });
const step = taskHandler<unknown>();

describe('a record that is read before a call and changed while it is under way', () => {
  test.each(['put', 'remove'] as const)('%s fails the callback: the change would be undone', async (what) => {
    const seen: number[] = [];
    const acting = command('Acting').step(step({ name: 'one', endWithFailure: () => undefined, beforeTask: async ({ call, entities }) => {
      const { n } = entities.get(COUNTER, 'c');
      seen.push(n);
      await call('host1', 'act', { n });
      if (what === 'put') entities.put(COUNTER, 'c', { n: n + 100 });
      else entities.remove(COUNTER, 'c');
    } })).build();
    await disturbed(acting, async (rig) => {
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'ENTITY_CHANGED', message: expect.stringContaining('counter/c') as string } });
      expect([seen, (await rig.stored()).entities.get('counter/c')]).toEqual([[1, 1], { version: 2, value: { n: 2 } }]);
      expect(await rig.history()).toEqual(['createTask 0 #1 ENTITY_CHANGED', 'endWithFailure 0 #1 ok']);
    });
  });

  test('is what it was in the next attempt, too: the call that is kept had its arguments from it', async () => {
    const seen: (readonly [n: number, other: number])[] = [];
    const acting = command('Acting').step(step({ name: 'one', retry: THRICE, beforeTask: async ({ call, entities }) => {
      const { n } = entities.get(COUNTER, 'c');
      await call('host1', 'act', { n });
      const other = entities.get(COUNTER, 'other').n;
      seen.push([n, other]);
      await call('host1', 'use', { other });
      entities.update(COUNTER, 'c', (counter) => ({ n: counter.n + 100 }));
    } })).build();
    const disturbingBoth = command('Disturbing').step(step({ name: 'one', beforeTask: ({ entities }) => {
      for (const id of ['c', 'other']) entities.update(COUNTER, id, ({ n }) => ({ n: n + 1 }));
    } })).build();
    const host: HostScript = { call: ({ verb, key }) => (verb === 'use' && key.includes('/start/1/') ? { code: 40 } : { result: null }) };
    await withRig({ commands: [acting, disturbingBoth], entities: { 'counter/c': { n: 1 }, 'counter/other': { n: 1 } }, host }, async (rig) => {
      rig.submit('c1', 'Acting');
      await rig.runUntil(({ type }) => type === 'callbackCommitted');
      // During the back-off.
      rig.submit('d1', 'Disturbing');
      await rig.run();
      // What was read after it is read anew: the call that followed had failed, and is made anew as well.
      expect([(await rig.command()).status, seen]).toEqual(['SUCCEEDED', [[1, 1], [1, 2]]]);
      expect(rig.host.calls.map(({ verb, args }) => [verb, args])).toEqual([['act', { n: 1 }], ['use', { other: 1 }], ['use', { other: 2 }]]);
      expect((await rig.stored()).entities.get('counter/c')?.value).toEqual({ n: 102 });
    });
  });

  test('counts every increment that is committed, however it is made', async () => {
    const counting = (type: string, how: 'update' | 'put', called: boolean) =>
      command(type)
        .step(step({ name: 'one', endWithFailure: () => undefined, beforeTask: async ({ call, entities }) => {
          const { n } = entities.get(COUNTER, 'c');
          if (called) await call('host1', 'act', {});
          if (how === 'put') entities.put(COUNTER, 'c', { n: n + 1 });
          else entities.update(COUNTER, 'c', (counter) => ({ n: counter.n + 1 }));
        } }))
        .build();
    const kinds = [counting('A', 'update', true), counting('B', 'put', true), counting('C', 'update', false), counting('D', 'put', false)];
    const changed = { ENTITY_CHANGED: 0 };
    for (let seed = 1; seed <= 5; seed += 1) {
      await withRig({ commands: kinds, entities: { 'counter/c': { n: 0 } }, seed }, async (rig) => {
        const ids = kinds.flatMap(({ type }) => [1, 2, 3].map((i) => `${type}${i}`));
        for (const id of ids) rig.submit(id, id.charAt(0));
        await rig.run();
        const ends = await Promise.all(ids.map((id) => rig.command(id)));
        const succeeded = ends.filter(({ status }) => status === 'SUCCEEDED').length;
        expect((await rig.stored()).entities.get('counter/c')).toEqual({ version: 1 + succeeded, value: { n: succeeded } });
        for (const { status, type, error } of ends) {
          if (status === 'SUCCEEDED') continue;
          expect([type, status, error?.code]).toEqual(['B', 'ROLLED_BACK', 'ENTITY_CHANGED']);
          changed.ENTITY_CHANGED += 1;
        }
      });
    }
    expect(changed.ENTITY_CHANGED).toBeGreaterThan(0);
  });
});
