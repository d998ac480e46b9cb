import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCommand } from '../../actors/command.js';
import { newCommand } from '../../actors/command/durable-command.js';
import type { CommandMessage } from '../../actors/messages.js';
import { defineCommand, handlersOf } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import { taskHandler } from '../../src/model/handler.js';
import { withRig } from './engine-rig.js';
import { Life, step as shape, task as staged } from '../src/flow/life.js';
import { loneEngine, Mailbox } from './lone-engine.js';
import { FAILED, RUNNING } from './scripted-host.js';

type Counter = { readonly n: number };
const COUNTER = entityKind<Counter>('counter');

const params = z.record(z.string(), z.unknown());
const copy = { verb: 'copy', args: {}, pool: 'pool1' };

const command = (type = 'T') => defineCommand({ type, params });
const step = taskHandler<unknown>();

describe('a callback and its commit', () => {
  test('what it staged is there with the phase, or not at all', async () => {
    const failing = command().step(step({ name: 'one', beforeTask: ({ entities }) => {
      entities.put(COUNTER, 'c', { n: 9 });
      throw new Error('no');
    } })).build();
    await withRig({ commands: [failing], entities: { 'counter/c': { n: 1 } } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, (await rig.stored()).entities.get('counter/c')]).toEqual(['ROLLED_BACK', { version: 1, value: { n: 1 } }]);
      expect(await rig.history()).toEqual(['beforeTask 0 #1 CALLBACK_THREW']);
    });
  });

  test('beforeTask and createTask are one: what the second throws undoes what the first staged', async () => {
    const failing = command().step(step({
      name: 'one',
      beforeTask: ({ entities }) => entities.put(COUNTER, 'c', { n: 9 }),
      createTask: () => {
        throw new Error('no');
      },
    })).build();
    await withRig({ commands: [failing] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([await rig.history(), (await rig.stored()).entities.size]).toEqual([['createTask 0 #1 CALLBACK_THREW'], 0]);
    });
  });

  test.each(['update', 'get and put'] as const)('many commands count on one record with %s, and none is lost', async (how) => {
    const counting = command().step(step({ name: 'one', beforeTask: ({ entities }) => {
      if (how === 'update') entities.update(COUNTER, 'c', ({ n }) => ({ n: n + 1 }));
      else entities.put(COUNTER, 'c', { n: entities.get(COUNTER, 'c').n + 1 });
    } })).build();
    await withRig({ commands: [counting], entities: { 'counter/c': { n: 0 } } }, async (rig) => {
      for (let i = 0; i < 6; i += 1) rig.submit(`c${i}`, 'T');
      await rig.run();
      expect((await rig.stored()).entities.get('counter/c')).toEqual({ version: 7, value: { n: 6 } });
      expect(rig.told('conflict').length).toBeGreaterThan(0);
      for (let i = 0; i < 6; i += 1) expect((await rig.command(`c${i}`)).status).toBe('SUCCEEDED');
    });
  });

  test('a conflict is not an attempt', async () => {
    const attempts: number[] = [];
    const counting = command().step(step({ name: 'one', beforeTask: ({ entities, attempt }) => {
      attempts.push(attempt);
      entities.update(COUNTER, 'c', ({ n }) => ({ n: n + 1 }));
    } })).build();
    await withRig({ commands: [counting], entities: { 'counter/c': { n: 0 } } }, async (rig) => {
      rig.submit('c1', 'T');
      rig.submit('c2', 'T');
      await rig.run();
      expect(attempts).toEqual([1, 1, 1]);
    });
  });

  test('what a callback returns must be data', async () => {
    const odd = command().step(step({ name: 'one', beforeTask: () => new Map() })).build();
    await withRig({ commands: [odd] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(await rig.command()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'NOT_PLAIN_DATA', message: expect.stringContaining('one.beforeTask()') as string } });
    });
  });

  test('callbacks see params, outputs of earlier steps, what beforeTask gave, ids that never change, and how the work ended', async () => {
    const seen: unknown[] = [];
    const telling = command()
      .step({ name: 'one', endSuccessfully: () => ({ made: 1 }) })
      .step({
        name: 'two',
        beforeTask: ({ newId, startTask }) => ({ volume: newId('v'), task: startTask(copy) }),
        createTask: ({ before, outputs, params: given, executionIndex, commandId, passed }) =>
          void seen.push({ before, outputs, given, executionIndex, commandId, passed }),
        endSuccessfully: ({ before, newId, work }) => void seen.push({ before, again: newId('v'), work }),
      })
      .build();
    await withRig({ commands: [telling] }, async (rig) => {
      rig.submit('c1', 'T', { disk: 'd1' });
      await rig.run();
      const before = { volume: 'c1$1.v', task: 'c1$1.w1.1.0' };
      expect(seen).toEqual([
        { before, outputs: { one: { made: 1 } }, given: { disk: 'd1' }, executionIndex: 1, commandId: 'c1', passed: false },
        { before, again: 'c1$1.v', work: [{ id: 'c1$1.w1.1.0', kind: 'task', name: 'copy', outcome: { kind: 'succeeded' }, earlier: [] }] },
      ]);
    });
  });

  test('nothing of a context works once its callback is over', async () => {
    let late: (() => string) | undefined;
    const leaking = command().step(step({ name: 'one', beforeTask: ({ startTask }) => void (late = () => startTask(copy)) })).build();
    await withRig({ commands: [leaking] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect(() => late?.()).toThrow('startTask was used after one.start had ended');
    });
  });
});

describe('tasks', () => {
  test('endWithFailure is told what became of each, in order', async () => {
    const told: unknown[] = [];
    const failing = command().step(step({
      name: 'one',
      createTask: () => [copy, { ...copy, verb: 'bad' }, { ...copy, verb: 'slow' }],
      endWithFailure: ({ failure: { beforeCommitted, error, work } }) =>
        void told.push(beforeCommitted, error.message, work.map(({ name, outcome }) => [name, outcome.kind])),
    })).build();
    await withRig({ commands: [failing] }, async (rig) => {
      const slow = (id: string) => (rig.host.stopped.includes(id) ? { taskResult: 'cleanSuccess' as const, code: 411 } : RUNNING);
      rig.host.script = { status: (verb, id) => (verb === 'bad' ? FAILED : verb === 'slow' ? slow(id) : {}) };
      rig.submit('c1', 'T');
      await rig.run();
      expect(told).toEqual([true, 'task c1$0.w1.1.1 (bad) failed with 261: ', [['copy', 'succeeded'], ['bad', 'failed'], ['slow', 'aborted']]]);
      expect(rig.host.stopped).toEqual(['c1$0.w1.1.2']);
      expect([rig.host.tasks.size, (await rig.stored()).tasks.size]).toEqual([0, 0]);
    });
  });

  test('an end that comes twice moves the command once', async () => {
    const two = command().step(step({ name: 'one', createTask: () => copy })).step(step({ name: 'two', createTask: () => copy })).build();
    await withRig({ commands: [two] }, async (rig) => {
      rig.submit('c1', 'T');
      // Faster than the commit that consumes it, the same end is polled again.
      await rig.run();
      expect((await rig.history()).filter((line) => line.startsWith('endSuccessfully'))).toEqual(['endSuccessfully 0 #1 ok', 'endSuccessfully 1 #1 ok']);
    });
  });
});

describe('a completion that the command does not wait for', () => {
  test.each([
    ['of an earlier attempt', { taskId: 'c1$0.w1.7.0' }],
    ['of another step', { executionIndex: 1 }],
    ['of the way back', { executionReason: 'ROLLBACK_FLOW' as const }],
  ])('%s is counted and cleared, and changes nothing', (_, wrong) => {
    const { context, ports, taskManager, commits } = loneEngine();
    const definition = command().step(step({ name: 'one', createTask: () => copy })).build();
    const mailbox = new Mailbox<CommandMessage>();
    const none = () => undefined;
    const lone = { childPlaced: none, cancelChild: none, rollBackChild: none, ancestors: () => [], completed: () => [], succeeded: none };
    const initial = Life.of(shape('one')).started(staged('copy')).state;
    mailbox.run(createCommand({ context, handlers: handlersOf(definition, {}), unfit: null, initial: newCommand(initial), wakeSelf: mailbox.wake, changed: none, family: lone }));
    const ended = { taskId: 'c1$0.w1.1.0', executionIndex: 0, executionReason: 'REGULAR_FLOW' as const, attempt: 1, outcome: { kind: 'succeeded' as const } };
    mailbox.wake({ type: 'taskEnded', ...ended, ...wrong });
    const { taskId } = { ...ended, ...wrong };
    expect([commits.take(), taskManager.take(), ports.probes]).toMatchObject([[], [{ type: 'clear', taskId }], [{ type: 'completionIgnored', taskId }]]);
    mailbox.wake({ type: 'taskEnded', ...ended });
    expect(commits.take()).toHaveLength(1);
  });
});

describe('children', () => {
  const family = (child: 'good' | 'bad') => [
    command('Parent')
      .step(step({ name: 'one', beforeTask: ({ startChild }) => void startChild({ type: 'Child', params: {}, independent: true }) }))
      .build(),
    defineCommand({ type: 'Child', params, locks: () => [{ key: 'k', mode: 'exclusive' }] }).step(step({ name: 'work', beforeTask: () => {
      if (child === 'bad') throw new Error('child is ill');
    } })).build(),
  ];

  test.each([
    ['good', 'SUCCEEDED', 'SUCCEEDED'],
    ['bad', 'ROLLED_BACK', 'ROLLED_BACK'],
  ] as const)('a %s child: its own end, then its parent\'s', async (kind, childStatus, status) => {
    await withRig({ commands: family(kind) }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.run();
      expect([(await rig.command('c1!0.1.0')).status, (await rig.command()).status]).toEqual([childStatus, status]);
      if (kind === 'bad') expect((await rig.command()).error).toMatchObject({ code: 'CHILD_FAILED', causes: ['child is ill'] });
      expect((await rig.stored()).locks.size).toBe(0);
    });
  });

  test('an unknown type or bad params are the callback\'s error', async () => {
    const [parent] = family('good');
    if (parent === undefined) throw new Error('no parent');
    await withRig({ commands: [parent] }, async (rig) => {
      rig.submit('c1', 'Parent');
      await rig.run();
      expect((await rig.command()).error?.code).toBe('UNKNOWN_COMMAND_TYPE');
    });
  });
});
