import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkCommandId, defineCommand, handlersOf } from '../../../src/model/command.js';
import { BadParams } from '../../../src/model/errors.js';
import type { LockMode } from '../../../src/model/lock.js';
import type { RetryPolicy } from '../../../src/model/retry.js';
import { failureOf } from '../store/fixtures.js';

const params = z.strictObject({ disks: z.array(z.string()).min(1), size: z.int().default(7), at: z.strictObject({ host: z.string() }).optional() });

const aCommand = () => defineCommand({ type: 'Move', params, locks: ({ disks }) => disks.map((disk) => ({ key: `disk/${disk}`, mode: 'exclusive' })) });

describe('a defined command', () => {
  const move = aCommand().step({ name: 'copy' }).step({ name: 'remove' }).build();

  test('has its type, a version, and its steps in order', () => {
    expect([move.type, move.version, handlersOf(move, {}).map(({ name }) => name)]).toEqual(['Move', 1, ['copy', 'remove']]);
    expect(defineCommand({ type: 'Move', version: 3, params }).step({ name: 'copy' }).build().version).toBe(3);
  });

  test('gives params their defaults', () => {
    expect(move.parseParams({ disks: ['d1'] })).toEqual({ disks: ['d1'], size: 7 });
  });

  test('knows its locks from its params', () => {
    expect(move.locks(move.parseParams({ disks: ['d1', 'd2'] })).map(({ key }) => key)).toEqual(['disk/d1', 'disk/d2']);
    expect(defineCommand({ type: 'Free', params }).step({ name: 'copy' }).build().locks(move.parseParams({ disks: ['d1'] }))).toEqual([]);
  });

  test('refuses at once if its locks are taken, or waits for them as long as it says', () => {
    expect(move.lockWait).toBe('refuse');
    for (const limitMs of [0, 0.5, 365 * 24 * 3_600_000]) {
      expect(defineCommand({ type: 'Patient', params, lockWait: { limitMs } }).step({ name: 'copy' }).build().lockWait).toEqual({ limitMs });
    }
  });

  test('may share its locks, and has no other modes', async () => {
    const locking = (mode: LockMode) => defineCommand({ type: 'Read', params, locks: () => [{ key: 'k', mode }] }).step({ name: 'copy' }).build();
    expect(locking('shared').locks({})).toEqual([{ key: 'k', mode: 'shared' }]);
    expect(await failureOf(() => locking('upgradable' as LockMode).locks({}))).toMatchObject({ code: 'BAD_DEFINITION', message: expect.stringMatching(/locks\(\): 0\.mode/) as string });
  });

  test('can be begun once and ended in several ways', () => {
    const begun = aCommand().step({ name: 'copy' });
    const one = begun.step({ name: 'remove' }).build();
    const other = begun.step({ name: 'keep' }).build();
    expect([one, other].map((command) => handlersOf(command, {}).map(({ name }) => name))).toEqual([
      ['copy', 'remove'],
      ['copy', 'keep'],
    ]);
  });
});

describe('a command with as many steps as its params ask for', () => {
  const copies = defineCommand({ type: 'Copies', params, handlers: ({ disks }) => disks.map((disk, i) => ({ name: `copy${i + 1}`, beforeTask: () => ({ disk }), endSuccessfully: ({ before }) => before })) });

  test('has them in order, the same at each time of asking', () => {
    const names = () => handlersOf(copies.build(), { disks: ['d1', 'd2'] }).map(({ name }) => name);
    expect([names(), names()]).toEqual([['copy1', 'copy2'], ['copy1', 'copy2']]);
  });

  test.each<[what: string, handlers: (params: unknown) => unknown, code: string, message: string]>([
    ['none', () => [], 'BAD_PARAMS', 'they ask for no steps'],
    ['no list', () => 'copy', 'BAD_DEFINITION', 'Made: handlers(): it gives no list'],
    ['a promise of a list', () => Promise.reject(new Error('later')), 'BAD_DEFINITION', 'it gives no list'],
    ['a name twice', () => [{ name: 'copy' }, { name: 'copy' }], 'BAD_DEFINITION', 'Made: handler 1 (copy): there is an earlier one of that name'],
    ['what is no handler', () => [{ name: 'copy', creatTask: () => undefined }], 'BAD_DEFINITION', 'Made: handler 0: '],
  ])('is refused with its params if they lead to %s', async (_, handlers, code, message) => {
    const made = defineCommand({ type: 'Made', params, handlers: handlers as () => [] }).build();
    expect(await failureOf(() => made.parseParams({ disks: ['d1'] }))).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  test('is written in that way only', async () => {
    const error = await failureOf(() => copies.step({ name: 'copy' }).build());
    expect(error).toMatchObject({ code: 'BAD_DEFINITION', message: 'command Copies: it has steps and a function for its handlers; it can be written in one way only' });
  });
});

describe('params that do not fit', () => {
  const { parseParams } = aCommand().step({ name: 'copy' }).build();

  test.each<[unknown, (string | number)[][]]>([
    [{}, [['disks']]],
    [{ disks: [] }, [['disks']]],
    [{ disks: ['d1', 2] }, [['disks', 1]]],
    [{ disks: ['d1'], at: { host: 7 } }, [['at', 'host']]],
    [{ disks: ['d1'], dsik: 1, other: 2 }, [['dsik'], ['other']]],
    [{ disks: 1, size: 1.5 }, [['disks'], ['size']]],
    ['d1', [[]]],
    [undefined, [[]]],
  ])('%j are refused, naming each field', async (given, paths) => {
    const error = await failureOf(() => parseParams(given));
    expect(error).toBeInstanceOf(BadParams);
    expect(error).toMatchObject({ code: 'BAD_PARAMS', commandType: 'Move', retryable: false });
    expect((error as BadParams).issues.map(({ path }) => path)).toEqual(paths);
    for (const path of paths) expect(error.message).toContain(['params', ...path].join('.'));
  });

  test('a schema that gives what cannot be stored is found out', async () => {
    const odd = defineCommand({ type: 'Odd', params: z.object({ at: z.string().transform((text) => new Date(text)) }) }).step({ name: 'copy' }).build();
    expect(await failureOf(() => odd.parseParams({ at: '2000-01-01' }))).toMatchObject({ code: 'NOT_PLAIN_DATA' });
  });
});

describe('a bad definition is refused, naming the command and the handler', () => {
  const policy = (changes: Partial<RetryPolicy>): RetryPolicy => ({ attempts: 1, backoffMs: 0, maxBackoffMs: 0, ...changes });
  const hasPassed = () => 'passed' as const;

  test.each<[what: string, define: () => unknown, message: string]>([
    ['no type', () => defineCommand({ type: '', params }), "command type ''"],
    ['a blank in the type', () => defineCommand({ type: 'Move disk', params }), "'Move disk'"],
    ['version 0', () => defineCommand({ type: 'Move', version: 0, params }), 'Move: version'],
    ['half a version', () => defineCommand({ type: 'Move', version: 1.5, params }), '1.5'],
    ['a negative wait for locks', () => defineCommand({ type: 'Move', params, lockWait: { limitMs: -1 } }), 'Move: lockWait.limitMs must be from 0 to 31536000000, not -1'],
    ['a wait for locks of more than a year', () => defineCommand({ type: 'Move', params, lockWait: { limitMs: 31_536_000_001 } }), 'lockWait.limitMs'],
    ['a wait for locks that is no number', () => defineCommand({ type: 'Move', params, lockWait: { limitMs: Number.NaN } }), 'lockWait.limitMs'],
    ['no steps', () => aCommand().build(), 'Move: it has no handlers'],
    ['a name that is no word', () => aCommand().step({ name: 'a copy' }).build(), 'Move: handler 0 (a copy)'],
    ['effectFree with a compensate', () => aCommand().step({ name: 'copy', effectFree: true, compensate: () => undefined }).build(), 'handler 0 (copy): it is effectFree'],
    ['a pivot in a beforeTask that is not there', () => aCommand().step({ name: 'copy', pointOfNoReturn: { part: 'beforeTask', hasPassed } }).build(), 'in beforeTask'],
    ['a pivot in an endSuccessfully that is not there', () => aCommand().step({ name: 'copy', pointOfNoReturn: { part: 'endSuccessfully', hasPassed } }).build(), 'in endSuccessfully'],
    ['a pivot in a task that nothing starts', () => aCommand().step({ name: 'copy', pointOfNoReturn: { part: 'task', hasPassed } }).build(), 'nothing starts one'],
    ['no attempts', () => aCommand().step({ name: 'copy', retry: policy({ attempts: 0 }) }).build(), 'retry.attempts'],
    ['half an attempt', () => aCommand().step({ name: 'copy', undoRetry: policy({ attempts: 1.5 }) }).build(), 'undoRetry.attempts'],
    ['a negative wait', () => aCommand().step({ name: 'copy', retry: policy({ backoffMs: -1 }) }).build(), 'retry.backoffMs'],
    ['a wait that is no number', () => aCommand().step({ name: 'copy', retry: policy({ maxBackoffMs: Number.NaN }) }).build(), 'retry.maxBackoffMs'],
    ['a wait of years', () => aCommand().step({ name: 'copy', undoRetry: policy({ maxBackoffMs: 1e12 }) }).build(), 'undoRetry.maxBackoffMs'],
    ['retryIf that says nothing', () => aCommand().step({ name: 'copy', retry: policy({ retryIf: { only: {} } }) }).build(), 'retry.retryIf'],
    ['retryIf that says both', () => aCommand().step({ name: 'copy', retry: policy({ retryIf: { only: { hostCodes: [1] }, except: { hostCodes: [1] } } as never }) }).build(), 'retry.retryIf'],
    ['retryIf with no code in it', () => aCommand().step({ name: 'copy', undoRetry: policy({ retryIf: { except: { codes: [] } } }) }).build(), 'undoRetry.retryIf'],
    ['retryIf with half a code', () => aCommand().step({ name: 'copy', retry: policy({ retryIf: { only: { hostCodes: [1.5] } } }) }).build(), 'retry.retryIf'],
  ])('%s', async (_, define, message) => {
    const error = await failureOf(define);
    expect(error.code).toBe('BAD_DEFINITION');
    expect(error.message).toContain(message);
  });

  test('a name twice, where the types do not see it', async () => {
    const begun = aCommand().step({ name: 'copy' });
    // @ts-expect-error the types do see it
    expect((await failureOf(() => begun.step({ name: 'copy' }).build())).message).toContain('handler 1 (copy): there is an earlier one');
  });
});

describe('an id that a caller chose', () => {
  test.each(['a', 'migrate-1', 'A_b.9', 'x'.repeat(64)])('%s is taken', (id) => {
    expect(checkCommandId(id)).toBe(id);
  });

  test.each<[id: unknown, why: string]>([
    ['', 'empty'],
    ['a b', 'a blank'],
    ['x'.repeat(65), 'too long'],
    ['c1!0.1.0', "a child's"],
    ['c1$0', "a task's"],
    ['a/b', 'a separator of keys'],
    ['ä', 'not ASCII'],
    ['a\n', 'a line end'],
    [7, 'a number'],
    [undefined, 'nothing'],
  ])('%j is refused: %s', async (id) => {
    expect(await failureOf(() => checkCommandId(id))).toMatchObject({ code: 'BAD_COMMAND_ID' });
  });
});
