import { describe, expect, test } from 'vitest';
import { nextStep, type ElectionStep, type Situation, type Word } from '../../../actors/pool/election.js';
import { GENERAL_FAILURE, RECOVERING, type SpmStatus } from '../../../actors/wire.js';

const SECOND = 1_000_000;
const GRACE = 80 * SECOND;

const free = (owner: string | null, generation = 4): Word => told('Free', owner, generation);
const told = (role: SpmStatus['role'], spmId: string | null, leaseGeneration = 4): Word => ({ kind: 'told', status: { role, spmId, ownerIncarnation: 2, leaseGeneration, leaseVersion: 2 } });
/** The lease is of a host's second incarnation. */
const silent = (seconds: number, fenced = 0): Word => ({ kind: 'silent', forUs: seconds * SECOND, fenced });
const refused = (code: number, times = 1): Word => ({ kind: 'refused', code, times });

const start = (host: string, prevId: string | null): ElectionStep => ({ step: 'start', host, prevId, prevVersion: 2 });
const WAIT: ElectionStep = { step: 'wait' };

interface Case {
  readonly a: Word;
  readonly b: Word;
  readonly c?: Word;
  readonly failed?: readonly string[];
  readonly canFence?: boolean;
}

function decide({ a, b, c, failed = [], canFence = false }: Case): ElectionStep {
  const situation: Situation = {
    words: new Map([['a', a], ['b', b], ...(c === undefined ? [] : [['c', c] as const])]),
    failed: new Set(failed),
    graceUs: GRACE,
    canFence,
    patience: 3,
  };
  return nextStep(situation);
}

describe('the SPM of a pool', () => {
  test.each<[string, Case, ElectionStep]>([
    ['says so, and storage too: it is used', { a: free('b'), b: told('SPM', 'b') }, { step: 'use', host: 'b' }],
    ['says so, and storage names another: its term is over', { a: told('SPM', 'b', 4), b: told('SPM', 'b', 4) }, { step: 'use', host: 'b' }],
    ['says so of an earlier generation than another has seen: its term is over', { a: told('SPM', 'a', 4), b: free('b', 5) }, start('b', 'b')],
    ['is on the way to be: it is watched, and nobody else started', { a: free(null), b: told('Contend', null) }, { step: 'watch', host: 'b' }],
    ['there is none, and storage names nobody: the first that is free starts', { a: refused(RECOVERING), b: free(null), c: free(null) }, start('b', null)],
    ['there is none, and the last is free by its own word: it comes first, since it gets its own lease at once', { a: free('b'), b: free('b') }, start('b', 'b')],
    ['there is none, and the last is free, but did not become it: another', { a: free('b'), b: free('b'), failed: ['b'] }, start('a', 'b')],
    ['there is none, and all have failed: nobody, for now', { a: free(null), b: free(null), failed: ['a', 'b'] }, WAIT],
    ['there is none, and storage names a host that the pool does not have: storage decides whether its lease is over', { a: free('x'), b: free('x') }, start('a', 'x')],
    ['is silent, and may be alive: nobody', { a: free('b'), b: silent(79) }, WAIT],
    ['is silent, and may be alive: nobody, nor is it fenced before its grace is over', { a: free('b'), b: silent(79), canFence: true }, WAIT],
    ['has been silent for the whole grace: it is fenced', { a: free('b'), b: silent(80), canFence: true }, { step: 'fence', host: 'b', incarnation: 2 }],
    ['has been silent for the whole grace, and there is no fence agent: storage decides whether its lease is over', { a: free('b'), b: silent(80) }, start('a', 'b')],
    ['is silent, and was fenced: another', { a: free('b'), b: silent(1, 2), canFence: true }, start('a', 'b')],
    ['is silent, and it was an earlier incarnation of it that was fenced: it may be alive', { a: free('b'), b: silent(80, 1), canFence: true }, { step: 'fence', host: 'b', incarnation: 2 }],
    ['is recovering: it will say more', { a: free('b'), b: refused(RECOVERING, 9) }, WAIT],
    ['answers with an error: it may get over it', { a: free('b'), b: refused(GENERAL_FAILURE, 2) }, WAIT],
    ['answers with errors again and again: it is stopped first', { a: free('b'), b: refused(GENERAL_FAILURE, 3) }, { step: 'stop', host: 'b', generation: 4 }],
    ['is not known, for nobody answers: nobody', { a: silent(100), b: silent(100), canFence: true }, WAIT],
    ['is silent, and another host too, which storage does not name: that one is nobody\'s business', { a: silent(1_000), b: free('c'), c: free('c'), canFence: true }, start('c', 'c')],
    ['is whom the newest generation names', { a: free('c', 3), b: free('a', 5), c: silent(0) }, start('a', 'a')],
  ])('%s', (_, situation, step) => {
    expect(decide(situation)).toEqual(step);
  });
});

test('whatever hosts say, a second SPM is started only where the first is free by its own word, was fenced, or has been silent for the whole grace', () => {
  const words: Word[] = [
    told('SPM', 'a'), told('SPM', 'b'), told('Contend', 'a'), told('Contend', null), free('a'), free('b'), free(null), free('a', 5), free('b', 3),
    silent(0), silent(79), silent(80), silent(0, 2), refused(RECOVERING, 5), refused(GENERAL_FAILURE, 1), refused(GENERAL_FAILURE, 3),
  ];
  let starts = 0;
  for (const a of words) {
    for (const b of words) {
      for (const canFence of [true, false]) {
        const step = decide({ a, b, canFence });
        if (step.step !== 'start') continue;
        starts += 1;
        const saidOfStorage = [a, b].flatMap((word) => (word.kind === 'told' ? [word.status] : [])).toSorted((x, y) => y.leaseGeneration - x.leaseGeneration)[0];
        const first = saidOfStorage?.spmId === 'a' ? a : saidOfStorage?.spmId === 'b' ? b : null;
        const mayBeAlive = first !== null && first.kind === 'silent' && first.fenced < 2 && (canFence || first.forUs < GRACE);
        expect([a, b, mayBeAlive]).toEqual([a, b, false]);
        expect([a, b, first?.kind === 'refused' || [a, b].some((word) => word.kind === 'told' && word.status.role === 'Contend')]).toEqual([a, b, false]);
      }
    }
  }
  expect(starts).toBeGreaterThan(100);
});
