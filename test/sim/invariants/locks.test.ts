import { describe, expect, it } from 'vitest';
import { locks } from '../../../sim/invariants/locks.js';
import type { Change } from '../../../src/store/change.js';
import { OneWay, ThreeSteps } from './definitions.js';
import { ERROR, Life } from './life.js';
import { Watched } from './watched.js';

function begin(): Life {
  return new Life(new Watched([ThreeSteps, OneWay], [locks]), ThreeSteps);
}

const lock = (owner: string, key = 'disk/d1'): Change => ({ type: 'lock', lock: { key, mode: 'exclusive', owner } });
const released: Change = { type: 'lockReleased', key: 'disk/d1' };

describe('locks: what is lawful', () => {
  it('held from admission to the end, one command after another', () => {
    const life = begin();
    life.admitted();
    life.run.probe({ type: 'lockGranted', owner: 'c1', keys: ['disk/d1'] });
    const refused = new Life(life.run, ThreeSteps, 'c2');
    life.run.probe({ type: 'lockRefused', owner: 'c2', key: 'disk/d1', holder: 'c1' });
    refused.happens({ type: 'locksRefused', error: ERROR });
    life.throws().returns();
    life.run.probe({ type: 'lockReleased', owner: 'c1', keys: ['disk/d1'] });
    new Life(life.run, ThreeSteps, 'c3').admitted();
    life.run.rest();
    expect(life.run.broken).toEqual([]);
  });

  it('a command that was parked while it waited', () => {
    const life = begin().happens({ type: 'parked', error: ERROR });
    life.run.rest();
    expect(life.run.broken).toEqual([]);
  });
});

describe('locks: what is caught', () => {
  const unlawful: readonly [string, (life: Life) => unknown, RegExp][] = [
    [
      'a second holder',
      (life) => new Life(life.admitted().run, OneWay, 'c2').run.commit(lock('c2')),
      /disk\/d1: it was granted to c2 while c1 held it/,
    ],
    ['a release before the end', (life) => life.admitted().run.commit(released), /disk\/d1: it was released, and its holder c1 is RUNNING/],
    ['a release by nobody', (life) => life.run.commit(released), /disk\/d1: it was released, and nobody held it/],
    [
      'a lock that outlives its command',
      (life) => life.admitted().forge({ status: 'ROLLED_BACK', executionIndex: -1, phase: { at: 'ended' } }),
      /disk\/d1: it is still locked by c1, which is ROLLED_BACK/,
    ],
    ['a lock for a command that is over', (life) => life.admitted().throws().returns().run.commit(lock('c1')), /disk\/d1: it was granted to c1, which is ROLLED_BACK/],
    ['a lock for what is no command', (life) => life.run.commit(lock('somebody', 'other')), /other: it was granted to somebody, which is no root command/],
    ['a command that begins without its lock', (life) => life.forge({ status: 'RUNNING' }), /disk\/d1: c1 is RUNNING without this lock, which nobody holds/],
    [
      'a grant that is told and not durable',
      (life) => life.run.probe({ type: 'lockGranted', owner: 'c1', keys: ['disk/d1'] }),
      /disk\/d1: c1 was told that it holds this lock; on disk nobody does/,
    ],
    [
      'a release that is told and not durable',
      (life) => life.admitted().run.probe({ type: 'lockReleased', owner: 'c1', keys: ['disk/d1'] }),
      /disk\/d1: c1 was told that this lock is released; on disk it is not/,
    ],
    [
      'a lock that is refused to its holder',
      (life) => life.admitted().run.probe({ type: 'lockRefused', owner: 'c1', key: 'disk/d1', holder: 'c1' }),
      /disk\/d1: it was refused to c1, which holds it/,
    ],
    [
      'a lock that is left at rest',
      (life) => {
        life.run.commit(lock('somebody', 'other'));
        life.run.rest();
      },
      /other: at rest it is locked by somebody, which is no command/,
    ],
  ];

  it.each(unlawful)('%s', (_, happen, message) => {
    const life = begin();
    happen(life);
    expect(life.run.broken).toContainEqual(expect.stringMatching(message));
  });
});
