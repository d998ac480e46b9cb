import { describe, expect, test } from 'vitest';
import type { Data } from '../../../src/model/data.js';
import { decodeValue, encodeValue } from '../../../src/store/codec.js';
import { decodeRecord, encodeRecord } from '../../../src/store/records.js';
import { SCHEMAS, type Schemas } from '../../../src/store/schemas.js';
import { aCallRecord, aCommand, anEntry, aTask, failureOf } from './fixtures.js';

const fieldsOf = (value: Data): { readonly [field: string]: Data } => value as { readonly [field: string]: Data };

/** A program of the future: its locks have had three shapes. */
const later: Schemas = {
  ...SCHEMAS,
  lock: {
    version: 3,
    upgrades: {
      1: (value) => ({ ...fieldsOf(value), mode: 'exclusive' }),
      2: (value) => {
        const { by, ...rest } = fieldsOf(value);
        if (by === undefined) throw new TypeError('by is missing');
        return { ...rest, owner: by };
      },
    },
  },
};

describe('a record of an earlier schema version', () => {
  const key = 'lock/d1/c1';
  const lock = { key: 'd1', mode: 'exclusive', owner: 'c1' };

  test.each([
    [1, { key: 'd1', by: 'c1' }],
    [2, { key: 'd1', by: 'c1', mode: 'exclusive' }],
    [3, lock],
  ])('of version %i is read as one of today', (version, value) => {
    expect(decodeRecord({ key, value: encodeValue(version, value) }, later)).toEqual({ kind: 'lock', lock });
  });

  test.each([
    ['has no upgrade', 0, { key: 'd1' }, 'STORE_VERSION', 'has no upgrade from version 0'],
    ['is later than the program', 4, lock, 'STORE_VERSION', 'version 4, this program reads version 3'],
    ['is not of its version', 2, { key: 'd1' }, 'STORE_CORRUPT', 'not of the schema version 2'],
    ['becomes what it must not be', 1, { key: 'd1', by: 7 }, 'STORE_CORRUPT', 'owner'],
  ])('is refused with its key if it %s', async (_, version, value, code, message) => {
    const failure = await failureOf(() => decodeRecord({ key, value: encodeValue(version, value) }, later));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(key);
    expect(failure.message).toContain(message);
  });
});

test('every schema version before today’s has its upgrade', () => {
  for (const [kind, { version, upgrades }] of Object.entries(SCHEMAS)) {
    expect(Object.keys(upgrades).map(Number), kind).toEqual(Array.from({ length: version - 1 }, (_, i) => i + 1));
  }
});

describe('a value of another shape is refused with its key and field:', () => {
  const step = { handler: 'copy', reachedAt: 1, begun: true, work: [], completed: false, pivot: 'none', revertWork: [] };
  test.each<[string, 'command' | 'done' | 'history' | 'call', Data, string]>([
    ['command/c1', 'command', { id: 'c1' }, 'handlers'],
    ['command/c1', 'command', aCommand('c1', { status: 'ASLEEP' }), 'status'],
    ['command/c1', 'command', aCommand('c1', { phase: { at: 'held', from: { at: 'nowhere' } } }), 'phase.from.at'],
    ['command/c1', 'command', aCommand('c1', { steps: [{ ...step, pivot: 1 }] }), 'steps.0.pivot'],
    ['command/c1', 'command', aCommand('c1', { steps: [{ ...step, work: [{ kind: 'task' }] }] }), 'steps.0.work.0'],
    ['command/c1', 'command', aCommand('c1', { error: { code: 'X' } }), 'error.message'],
    ['done/c1/c1', 'done', aCommand('c1', { endedAt: 'today' }), 'endedAt'],
    ['history/c1/0000000000', 'history', { ...anEntry(1), callback: 'later' }, 'callback'],
    ['history/c1/0000000000', 'history', 1, 'expected object'],
    ['call/c1/callback', 'call', { ...aCallRecord('c1', 1), calls: [{ host: 'host1' }] }, 'calls.0.verb'],
    ['call/c1/callback', 'call', aCallRecord('c2'), 'belongs to another key'],
  ])('%s (%s) %#', async (key, kind, value, field) => {
    const failure = await failureOf(() => decodeRecord({ key, value: encodeRecord(kind, value) }));
    expect(failure.code).toBe('STORE_CORRUPT');
    expect(failure.message).toContain(key);
    expect(failure.message).toContain(field);
  });
});

test('what is read and written again has the same bytes, also in another order of fields than ours', () => {
  const backwards = Object.fromEntries(Object.entries(aCommand('c1', { params: { z: 1, a: 2 } })).reverse());
  const bytes = encodeRecord('command', backwards);
  const read = decodeRecord({ key: 'command/c1', value: bytes });
  expect(read.kind === 'command' ? encodeRecord('command', read.command) : null).toEqual(bytes);
  expect(decodeValue('task/t1', encodeRecord('task', { ...aTask('t1') })).value).toEqual(aTask('t1'));
});
