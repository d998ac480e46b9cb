import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entityKey, entityKind, type EntityKind } from '../../../src/model/entity.js';
import { entityRecordKey, parseKey } from '../../../src/store/keys.js';
import { failureOf } from '../store/fixtures.js';

const DISK = entityKind('disk');

describe('the key of an entity', () => {
  test('is its kind and its id', () => {
    expect(entityKey(DISK, 'd1')).toBe('disk/d1');
  });

  test('comes back from a disk as it was, whatever the id; no two are the same', () => {
    const id = fc.string({ unit: 'grapheme', minLength: 1 });
    const kind = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/).map((name) => entityKind(name));
    fc.assert(fc.property(kind, id, (of, name) => {
      const key = entityKey(of, name);
      const found = parseKey(entityRecordKey(key));
      return found.kind === 'entity' && found.entity === key;
    }));
    fc.assert(fc.property(fc.tuple(kind, id), fc.tuple(kind, id), ([of, a], [other, b]) => (entityKey(of, a) === entityKey(other, b)) === (of.name === other.name && a === b)));
  });

  test.each<readonly [what: string, kind: EntityKind<unknown>, id: unknown, says: RegExp]>([
    ['a kind with a slash', entityKind('disk/d1'), 'x', /entity kind "disk\/d1"/],
    ['a kind without a name', entityKind(''), 'x', /entity kind ""/],
    ['a kind that begins with a digit', entityKind('7up'), 'x', /entity kind "7up"/],
    ['an id that begins with half a surrogate pair', DISK, '\udc00x', /disk: "\\udc00x" is no id/],
    ['an id that ends with half a surrogate pair', DISK, 'x\ud800', /disk: "x\\ud800" is no id/],
    ['an empty id', DISK, '', /disk: "" is no id/],
    ['a number', DISK, 7, /disk: 7 is no id/],
    ['nothing', DISK, undefined, /disk: undefined is no id/],
  ])('is not made of %s', async (_, kind, id, says) => {
    const error = await failureOf(() => entityKey(kind, id as string));
    expect([error.code, error.message]).toEqual(['BAD_ENTITY_KEY', expect.stringMatching(says)]);
  });
});
