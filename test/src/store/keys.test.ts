import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  callRecordKey,
  commandKey,
  entityRecordKey,
  historyKey,
  historyPrefix,
  lockRecordKey,
  parseKey,
  taskIndexKeys,
  taskKey,
  tasksByCommandPrefix,
  tasksByEntityPrefix,
  tasksByPoolPrefix,
} from '../../../src/store/keys.js';
import { failureOf } from './fixtures.js';

/** Any well-formed id, often with what could confuse the layout. */
const id = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('a', 'b', '/', '%', '2', 'F', '-', '!', '$') }));
const seq = fc.integer({ min: 0, max: 9_999_999_999 });

describe('keys', () => {
  test('are ASCII, and say again what they stand for', () => {
    const everyKey = fc.oneof(
      id.map((it) => [commandKey(it), { kind: 'command', id: it }] as const),
      fc.tuple(id, id).map(([it, slot]) => [callRecordKey(it, slot), { kind: 'call', commandId: it, slot }] as const),
      id.map((it) => [taskKey(it), { kind: 'task', id: it }] as const),
      id.map((it) => [entityRecordKey(it), { kind: 'entity', entity: it }] as const),
      fc.tuple(id, id).map(([it, owner]) => [lockRecordKey(it, owner), { kind: 'lock', key: it, owner }] as const),
      fc.tuple(id, seq).map(([it, n]) => [historyKey(it, n), { kind: 'history', commandId: it, seq: n }] as const),
    );
    fc.assert(
      fc.property(everyKey, ([key, meaning]) => {
        expect(key).toMatch(/^[!-~]+$/);
        expect(parseKey(key)).toEqual(meaning);
      }),
    );
  });

  test('of the index lead to the task', () => {
    fc.assert(
      fc.property(id, id, id, fc.option(id), (taskId, commandId, pool, entity) => {
        const keys = taskIndexKeys({ id: taskId, commandId, pool, entity });
        expect(keys).toHaveLength(entity === null ? 2 : 3);
        for (const key of keys) expect(parseKey(key)).toEqual({ kind: 'taskIndex', taskId });
      }),
    );
  });

  test('of different things are different, and no prefix finds another one', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        fc.pre(a !== b);
        expect(entityRecordKey(a)).not.toBe(entityRecordKey(b));
        expect(new Set([lockRecordKey(a, a), lockRecordKey(a, b), lockRecordKey(b, a), lockRecordKey(b, b)]).size).toBe(4);
        expect(historyKey(b, 0).startsWith(historyPrefix(a))).toBe(false);
        const ofB = taskIndexKeys({ id: a, commandId: b, pool: b, entity: b });
        for (const prefix of [tasksByCommandPrefix(a), tasksByPoolPrefix(a), tasksByEntityPrefix(a)]) {
          expect(ofB.some((key) => key.startsWith(prefix))).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('read well for ordinary ids', () => {
    expect(commandKey('migrate-1')).toBe('command/migrate-1');
    expect(taskKey('migrate-1!0.1.0$2.w1.0')).toBe('task/migrate-1!0.1.0$2.w1.0');
    expect(entityRecordKey('disk/d1')).toBe('entity/disk/d1');
    expect(lockRecordKey('disk/d1', 'c1')).toBe('lock/disk%2Fd1/c1');
    expect(historyKey('c', 7)).toBe('history/c/0000000007');
  });

  test('of a history sort by its numbers', () => {
    fc.assert(fc.property(seq, seq, (a, b) => historyKey('c', a) < historyKey('c', b) === a < b));
  });

  test('are not made of numbers out of range or ids without UTF-8', async () => {
    for (const bad of [-1, 1.5, Number.NaN, 10 ** 10]) expect((await failureOf(() => historyKey('c', bad))).code).toBe('INTERNAL');
    expect((await failureOf(() => lockRecordKey('\ud800', 'c1'))).code).toBe('NOT_PLAIN_DATA');
  });

  const foreign = ['', 'meta', 'meta/other', 'command', 'command/a/b', 'task/a/b', 'history/a', 'history/a/12', 'entity/a', 'lock/%zz/c1', 'lock/a', 'other/a'];

  test.each([...foreign, 'task-by-pool/a'])('of another kind are refused: %j', async (key) => {
    const error = await failureOf(() => parseKey(key));
    expect(error.code).toBe('STORE_CORRUPT');
    expect(error.message).toContain(key);
  });
});
