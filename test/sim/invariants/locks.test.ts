import { describe, expect, it } from 'vitest';
import { locks } from '../../../sim/invariants/locks.js';
import type { LockMode } from '../../../src/model/lock.js';
import type { Change } from '../../../src/store/change.js';
import { OneWay, Reader, ThreeSteps } from './definitions.js';
import { ERROR, Life } from './life.js';
import { Watched } from './watched.js';

function begin(): Life {
  return new Life(new Watched([ThreeSteps, OneWay, Reader], [locks]), ThreeSteps);
}

const lock = (owner: string, key = 'disk/d1', mode: LockMode = 'exclusive'): Change => ({ type: 'lock', lock: { key, mode, owner } });
const released: Change = { type: 'lockReleased', key: 'disk/d1', owner: 'c1' };

describe('locks: what is lawful', () => {
  it('held from admission to the end, one command after another', () => {
    const life = begin();
    life.admitted();
    life.run.probe({ type: 'lockGranted', owner: 'c1', keys: ['disk/d1'] });
    const refused = new Life(life.run, ThreeSteps, 'c2');
    life.run.probe({ type: 'lockRefused', owner: 'c2', key: 'disk/d1', holder: 'c1', held: true });
    refused.happens({ type: 'locksRefused', error: ERROR });
    life.throws().returns();
    life.run.probe({ type: 'lockReleased', owner: 'c1', keys: ['disk/d1'] });
    new Life(life.run, ThreeSteps, 'c3').admitted();
    life.run.rest();
    expect(life.run.broken).toEqual([]);
  });

  it('shared by several, one of which has it alone when the others have ended', () => {
    const first = new Life(begin().run, Reader).admitted();
    const second = new Life(first.run, Reader, 'c2').admitted();
    first.run.probe({ type: 'lockGranted', owner: 'c2', keys: ['disk/d1'] });
    first.returns().returns();
    second.run.commit(lock('c2'));
    second.returns().returns();
    second.run.rest();
    expect(second.run.broken).toEqual([]);
  });

  it('awaited, and then had', () => {
    const life = begin().admitted();
    const waits = new Life(life.run, ThreeSteps, 'c2');
    life.run.probe({ type: 'lockAwaited', owner: 'c2', commandId: 'c2', key: 'disk/d1', holder: 'c1', held: true });
    life.throws().returns();
    waits.admitted();
    waits.run.rest();
    expect(waits.run.broken).toEqual([]);
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
      /disk\/d1: it was granted to c2 as exclusive while c1 held it as exclusive/,
    ],
    [
      'a reader beside a writer',
      (life) => new Life(life.admitted().run, Reader, 'c2').admitted(),
      /disk\/d1: it was granted to c2 as shared while c1 held it as exclusive/,
    ],
    [
      'a writer beside a reader',
      (life) => new Life(new Life(life.run, Reader, 'c2').admitted().run, ThreeSteps, 'c3').admitted(),
      /disk\/d1: it was granted to c3 as exclusive while c2 held it as shared/,
    ],
    ['a writer that goes on as a reader', (life) => life.admitted().run.commit(lock('c1', 'disk/d1', 'shared')), /disk\/d1: c1 held it as exclusive, and now as shared/],
    [
      'a writer that begins as a reader',
      (life) => {
        life.run.commit(lock('c1', 'disk/d1', 'shared'));
        life.forge({ status: 'RUNNING' });
      },
      /disk\/d1: c1 is RUNNING and has this lock only as shared/,
    ],
    ['a release before the end', (life) => life.admitted().run.commit(released), /disk\/d1: it was released, and its holder c1 is RUNNING/],
    ['a release by nobody', (life) => life.run.commit(released), /lock\/disk%2Fd1\/c1: it was released, and nobody held it/],
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
      /disk\/d1: c1 was told that it holds this lock, which on disk nobody holds/,
    ],
    [
      'a release that is told and not durable',
      (life) => life.admitted().run.probe({ type: 'lockReleased', owner: 'c1', keys: ['disk/d1'] }),
      /disk\/d1: c1 was told that this lock is released; on disk it is not/,
    ],
    [
      'a lock that is refused to its holder',
      (life) => life.admitted().run.probe({ type: 'lockRefused', owner: 'c1', key: 'disk/d1', holder: 'c1', held: true }),
      /disk\/d1: it was withheld from c1, which holds it/,
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
