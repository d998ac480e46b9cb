import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import { taskHandler } from '../../src/model/handler.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';
import { FAILED } from './scripted-host.js';

// What callbacks are shown is frozen, and what they give is copied: else a change that no commit has seen would be in the engine's memory.

type Box = { readonly items: readonly string[] };
const BOX = entityKind<Box>('box');
const FULL: Box = { items: ['a'] };

const params = z.object({ box: z.object({ items: z.array(z.string()) }).default({ items: ['a'] }) });
type Params = z.output<typeof params>;
const step = taskHandler<Params>();
const afterMade = taskHandler<Params, { readonly made: Box }>();
const command = () => defineCommand({ type: 'T', params });
const copy = { verb: 'copy', args: {}, pool: 'pool1' };

/** Tries to change the value in place, as a program without types could. @returns what became of it */
function spoil(value: unknown): string {
  try {
    (value as { items: string[] }).items.push('spoilt');
    return 'was changed';
  } catch (error) {
    return error instanceof TypeError ? 'is frozen' : String(error);
  }
}

/** What the engine has in memory is what is on its disk, and holds nothing spoilt. */
async function unspoilt(rig: EngineRig): Promise<void> {
  const { commands, entities } = await rig.stored();
  expect(new Map(rig.memory?.entities.entries())).toEqual(entities);
  expect(JSON.stringify([[...commands], [...entities], [...(rig.memory?.commands ?? [])]])).not.toContain('spoilt');
}

describe('a callback cannot change', () => {
  /** Spoils all that its callbacks are shown, and tells what became of it. */
  const spoiling = (told: Map<string, string>) => {
    const tell = (what: string, value: unknown): void => void told.set(what, spoil(value));
    return command()
      .step(step({ name: 'made', endSuccessfully: () => ({ items: ['a'] }), compensate: ({ output }) => tell('output', output) }))
      .step(afterMade({
        name: 'two',
        beforeTask: ({ params: given, entities, outputs }) => {
          tell('params', given.box);
          tell('record found', entities.find(BOX, 'b'));
          tell('record got', entities.get(BOX, 'b'));
          tell('output of an earlier step', outputs.made);
          entities.update(BOX, 'b', (current) => {
            tell('record to be updated', current);
            return current;
          });
          entities.put(BOX, 'new', { items: [] });
          tell('record that it has put', entities.get(BOX, 'new'));
          return { items: ['a'] };
        },
        createTask: ({ before }) => {
          tell('before, in createTask', before);
          return copy;
        },
        endSuccessfully: ({ before, outputs }) => {
          tell('before, in endSuccessfully', before);
          tell('output, in endSuccessfully', outputs.made);
        },
        compensate: ({ before }) => tell('before, in compensate', before),
      }))
      .step(afterMade({ name: 'three', beforeTask: () => ({ items: ['a'] }), createTask: () => ({ ...copy, verb: 'bad' }), endWithFailure: ({ before }) => tell('before, in endWithFailure', before) }))
      .build();
  };

  const ALL = [
    'params',
    'record found',
    'record got',
    'output of an earlier step',
    'record to be updated',
    'record that it has put',
    'before, in createTask',
    'before, in endSuccessfully',
    'output, in endSuccessfully',
    'before, in endWithFailure',
    'before, in compensate',
    'output',
  ];

  test('anything that it is shown', async () => {
    const told = new Map<string, string>();
    await withRig({ commands: [spoiling(told)], entities: { 'box/b': FULL } }, async (rig) => {
      rig.host.script = { status: (verb) => (verb === 'bad' ? FAILED : {}) };
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, [...told.keys()], new Set(told.values())]).toEqual(['ROLLED_BACK', ALL, new Set(['is frozen'])]);
      await unspoilt(rig);
    });
  });

  test('anything that it is shown by an engine that has read it from its disk', async () => {
    const told = new Map<string, string>();
    await withRig({ commands: [spoiling(told)], entities: { 'box/b': FULL } }, async (rig) => {
      rig.host.script = { status: (verb) => (verb === 'bad' ? FAILED : {}) };
      rig.submit('c1', 'T');
      // A crash after each commit of a callback.
      for (let commit = 1; commit <= 11; commit += 1) {
        await rig.runUntil(({ type }) => type === 'callbackCommitted', commit);
        // Two callbacks may be committed at once.
        if (rig.engine.up) rig.restart();
      }
      await rig.run();
      expect([(await rig.command()).status, [...told.keys()], new Set(told.values())]).toEqual(['ROLLED_BACK', ALL, new Set(['is frozen'])]);
      await unspoilt(rig);
    });
  });

  test('what a repeated run reads from the record of calls', async () => {
    const told: string[] = [];
    const calling = command().step(step({ name: 'made', beforeTask: async ({ call, entities }) => {
      const { items } = entities.get(BOX, 'b');
      told.push(spoil({ items }));
      await call('host1', 'look', { items });
    } })).build();
    await withRig({ commands: [calling], entities: { 'box/b': FULL } }, async (rig) => {
      let silent = true;
      rig.host.script = { call: () => (silent ? 'silence' : { result: null }) };
      rig.submit('c1', 'T');
      await rig.runFor(SECOND);
      silent = false;
      rig.restart();
      await rig.run();
      expect([(await rig.command()).status, told]).toEqual(['SUCCEEDED', ['is frozen', 'is frozen']]);
      expect(rig.host.calls.map(({ args }) => args)).toEqual([{ items: ['a'] }, { items: ['a'] }]);
    });
  });

  test('what a call gives: it is recorded with the next one', async () => {
    const told: string[] = [];
    const calling = command().step(step({
      name: 'made',
      pointOfNoReturn: { part: 'endSuccessfully', hasPassed: async ({ read }) => {
        told.push(spoil(await read('host1', 'where', {})));
        return 'notPassed' as const;
      } },
      endSuccessfully: async ({ call }) => {
        const box = (await call('host1', 'look', {})) as Box;
        told.push(spoil(box));
        await call('host1', 'use', { items: box.items });
        throw new Error('no');
      },
      compensate: () => undefined,
    })).build();
    await withRig({ commands: [calling], host: { call: () => ({ result: FULL }), read: () => ({ result: FULL }) } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, told, rig.host.calls.at(-1)?.args]).toEqual(['ROLLED_BACK', ['is frozen', 'is frozen'], { items: ['a'] }]);
    });
  });

  test('how its work ended, and why its step failed', async () => {
    const told: string[] = [];
    const spoilMessage = (of: object): void => {
      try {
        Object.assign(of, { message: 'spoilt' });
        told.push('was changed');
      } catch {
        told.push('is frozen');
      }
    };
    const failing = command().step(step({ name: 'made', createTask: () => copy, endWithFailure: ({ failure: { error, work } }) => {
      spoilMessage(error);
      for (const { outcome } of work) spoilMessage(outcome);
    } })).build();
    await withRig({ commands: [failing], host: { status: () => FAILED } }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, told]).toEqual(['ROLLED_BACK', ['is frozen', 'is frozen']]);
      await unspoilt(rig);
    });
  });
});

describe('what a callback gives is copied:', () => {
  test('what becomes of its objects afterwards changes nothing, and they stay its own', async () => {
    const mine = {
      put: { items: ['a'] },
      before: { items: ['a'] },
      output: { items: ['a'] },
      call: { items: ['a'] },
      task: { items: ['a'] },
      child: { box: { items: ['a'] } },
    };
    const seen: unknown[] = [];
    const giving = command()
      .step(step({
        name: 'made',
        beforeTask: async ({ entities, startChild, startTask, call }) => {
          entities.put(BOX, 'put', mine.put);
          startTask({ ...copy, args: mine.task });
          startChild({ type: 'Child', params: mine.child, independent: true });
          const called = call('host1', 'use', mine.call);
          spoil(mine.call);
          await called;
          for (const box of [mine.put, mine.task, mine.child.box]) spoil(box);
          seen.push(entities.get(BOX, 'put'));
          return mine.before;
        },
        createTask: ({ before }) => {
          spoil(mine.before);
          seen.push(before);
          return undefined;
        },
        endSuccessfully: ({ before }) => {
          seen.push(before);
          return mine.output;
        },
      }))
      .step(afterMade({ name: 'two', beforeTask: ({ outputs }) => {
        spoil(mine.output);
        seen.push(outputs.made);
      } }))
      .build();
    const child = defineCommand({ type: 'Child', params }).step({ name: 'one' }).build();
    await withRig({ commands: [giving, child] }, async (rig) => {
      rig.submit('c1', 'T');
      await rig.run();
      expect([(await rig.command()).status, seen]).toEqual(['SUCCEEDED', Array(4).fill(FULL)]);
      expect([rig.host.calls[0]?.args, rig.host.submissions[0]?.args, (await rig.command('c1!0.1.1')).params]).toEqual([FULL, FULL, { box: FULL }]);
      // None of them was frozen: all have been changed, by their owner.
      const after = [mine.put, mine.before, mine.output, mine.call, mine.task, mine.child.box];
      expect(after).toEqual(after.map(() => ({ items: ['a', 'spoilt'] })));
      await unspoilt(rig);
    });
  });

  test('a client goes on using the params that it has submitted', async () => {
    const given = { box: { items: ['a'] } };
    const definition = command().step(step({ name: 'made' })).build();
    const parsed = definition.parseParams(given);
    expect([spoil(given.box), parsed, Object.isFrozen(given)]).toEqual(['was changed', { box: FULL }, false]);
  });
});

test('a callback that throws after an attempt to change what it was given leaves nothing behind', async () => {
  const seen: unknown[] = [];
  const retrying = command().step(step({
    name: 'made',
    retry: { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 },
    beforeTask: () => ({ items: ['a'] }),
    endSuccessfully: ({ before, params: given, entities, attempt }) => {
      const record = entities.get(BOX, 'b');
      seen.push(structuredClone([before, given.box, record]));
      for (const shown of [before, given.box, record]) spoil(shown);
      if (attempt === 1) throw new Error('no');
      return before;
    },
  })).build();
  await withRig({ commands: [retrying], entities: { 'box/b': FULL } }, async (rig) => {
    rig.submit('c1', 'T');
    await rig.run();
    expect(seen).toEqual([Array(3).fill(FULL), Array(3).fill(FULL)]);
    const { status, steps } = await rig.command();
    expect([status, steps[0]?.output]).toEqual(['SUCCEEDED', FULL]);
    await unspoilt(rig);
  });
});
