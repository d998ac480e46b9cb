import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger, type SignedEffect } from '../../../sim/world/ledger.js';

const plus = (object: string, verb = 'make'): SignedEffect => ({ sign: '+', verb, object });
const minus = (object: string, verb = 'remove'): SignedEffect => ({ sign: '-', verb, object });

function ledgerOf(...entries: readonly (readonly [commandId: string, ...effects: SignedEffect[]])[]): Ledger {
  const ledger = new Ledger();
  entries.forEach(([commandId, ...effects], i) => {
    ledger.append({ commandId, executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1, key: `k${i}`, verb: 'verb', host: 'host1', part: 'end', effects });
  });
  return ledger;
}

describe('open effects', () => {
  it('are what was made and not taken back, in the order in which it came about', () => {
    const ledger = ledgerOf(['c1', plus('a'), plus('b')], ['c1', plus('c')], ['c1', minus('b')]);
    expect(ledger.openEffects('c1')).toEqual([plus('a'), plus('c')]);
  });

  it('do not mix the commands: what another has made is removed, not taken back', () => {
    const ledger = ledgerOf(['c1', plus('a')], ['c2', minus('a')]);
    expect(ledger.openEffects('c1')).toEqual([plus('a')]);
    expect(ledger.openEffects('c2')).toEqual([minus('a')]);
    expect(ledger.stands('a')).toBe(false);
  });

  it('count the same effect once, however often it was had', () => {
    const ledger = ledgerOf(['c1', plus('a', 'first')], ['c1', plus('a', 'second')], ['c1', minus('b')], ['c1', minus('b')]);
    expect(ledger.openEffects('c1')).toEqual([plus('a', 'first'), minus('b')]);
  });

  it('let what was removed be put back', () => {
    expect(ledgerOf(['c1', minus('a')], ['c1', plus('a')]).openEffects('c1')).toEqual([]);
  });

  it('are none after everything was taken back in reverse', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), (objects) => {
        const forward = objects.map((object) => ['c1', plus(object)] as const);
        const back = objects.toReversed().map((object) => ['c1', minus(object)] as const);
        expect(ledgerOf(...forward).openEffects('c1')).toHaveLength(objects.length);
        expect(ledgerOf(...forward, ...back).openEffects('c1')).toEqual([]);
      }),
    );
  });
});

it('numbers its entries from 1, roll-backs too', () => {
  const ledger = ledgerOf(['c1', plus('a')], ['c2', plus('b')]);
  expect(ledger.entries.map(({ n }) => n)).toEqual([1, 2]);
  ledger.append({ commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1, key: 'k0', verb: 'verb', host: 'host1', part: 'undone', effects: [minus('a')] });
  expect(ledger.openEffects('c1')).toEqual([]);
});
