import { describe, expect, test } from 'vitest';
import { CallFailed, CallUnknown, recordOf, SeatbeltError } from '../../../src/model/errors.js';

describe('errors', () => {
  test('say whether trying again can help', () => {
    expect(new SeatbeltError('STORE_LOCKED', 'in use', { retryable: true }).retryable).toBe(true);
    expect(new SeatbeltError('BAD_PARAMS', 'no').retryable).toBe(false);
    expect(new CallUnknown('snapshot', 'host1', 'no answer').retryable).toBe(true);
    expect(new CallFailed('snapshot', 'host1', 48, 'no').retryable).toBe(false);
  });

  test('of calls name the verb, the host and its code', () => {
    const failed = new CallFailed('diskReplicateFinish', 'host2', 40, 'not converged');
    expect(failed.message).toBe('diskReplicateFinish on host2 failed with 40: not converged');
    expect([failed.name, failed.code, failed.hostCode]).toEqual(['CallFailed', 'CALL_FAILED', 40]);
    expect(new CallUnknown('snapshot', 'host1', 'no answer within 180 s').message).toBe('snapshot on host1: no answer within 180 s');
  });

  test('carry a cause only if there is one', () => {
    expect(Object.hasOwn(new SeatbeltError('INTERNAL', 'x'), 'cause')).toBe(false);
    expect(new SeatbeltError('INTERNAL', 'x', { cause: 'y' }).cause).toBe('y');
  });
});

describe('the record of an error', () => {
  test('keeps code, message and whether a retry can help', () => {
    expect(recordOf(new SeatbeltError('LOCK_CONFLICT', 'taken', { retryable: true }))).toEqual({
      code: 'LOCK_CONFLICT',
      message: 'taken',
      retryable: true,
      causes: [],
    });
  });

  test("keeps a host's own code, also of a call that was wrapped", () => {
    const failed = new CallFailed('snapshot', 'host1', 48, 'no');
    expect(recordOf(failed)).toMatchObject({ code: 'CALL_FAILED', hostCode: 48, retryable: false });
    expect(recordOf(new Error('no snapshot', { cause: failed }))).toMatchObject({ code: 'CALLBACK_THREW', message: 'no snapshot', hostCode: 48 });
  });

  test('says that a call without an answer is behind it, however deep', () => {
    const unanswered = new CallUnknown('snapshot', 'host1', 'no answer');
    expect(recordOf(unanswered)).toMatchObject({ code: 'CALL_UNKNOWN', callUnknown: true, retryable: true });
    const wrapped = new Error('outer', { cause: new Error('inner', { cause: unanswered }) });
    expect(recordOf(wrapped)).toMatchObject({ code: 'CALLBACK_THREW', callUnknown: true, retryable: true });
  });

  test('keeps the causes, nearest first', () => {
    const error = new SeatbeltError('TASK_FAILED', 'outer', { cause: new Error('middle', { cause: 'innermost' }) });
    expect(recordOf(error).causes).toEqual(['middle', 'innermost']);
  });

  test('ends, however the causes are linked', () => {
    const error = new Error('round');
    error.cause = error;
    expect(recordOf(error).causes).toHaveLength(8);
  });

  test.each<readonly [what: string, thrown: unknown]>([
    ['an object without a prototype', Object.create(null)],
    ['an object whose text throws', { toString: () => JSON.parse('{') as unknown }],
    ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: () => JSON.parse('{') as unknown })],
    ['an error whose cause throws', Object.defineProperty(new Error(), 'cause', { get: () => JSON.parse('{') as unknown })],
    ['a proxy that is not to be looked at', new Proxy({}, { getPrototypeOf: () => JSON.parse('{') as object })],
  ])('is made of %s, too', (_, thrown) => {
    expect(recordOf(thrown)).toEqual({ code: 'CALLBACK_THREW', message: 'something that cannot be turned into text was thrown', retryable: false, causes: [] });
  });

  test('is not lost with a cause that has no text', () => {
    const error = new SeatbeltError('LOCK_CONFLICT', 'taken', { retryable: true, cause: Object.create(null) as unknown });
    expect(recordOf(error)).toEqual({ code: 'LOCK_CONFLICT', message: 'taken', retryable: true, causes: ['something that cannot be turned into text was thrown'] });
  });

  test('holds text that a disk gives back as it was: half a surrogate pair is replaced', () => {
    const error = new Error('a\ud800b', { cause: 'c\udc00' });
    expect(recordOf(error)).toMatchObject({ message: 'a\ufffdb', causes: ['c\ufffd'] });
    expect(recordOf(new Error('\ud83d\ude00')).message).toBe('\ud83d\ude00');
    expect(recordOf(Object.assign(new Error(), { message: { not: 'text' } })).message).toBe('[object Object]');
  });

  test('is made of anything that can be thrown', () => {
    expect(recordOf(new TypeError('not a function'))).toMatchObject({ code: 'CALLBACK_THREW', message: 'not a function', retryable: false });
    for (const thrown of ['text', undefined, null, 7]) {
      expect(recordOf(thrown)).toEqual({ code: 'CALLBACK_THREW', message: String(thrown), retryable: false, causes: [] });
    }
  });
});
