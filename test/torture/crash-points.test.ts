import { describe, expect, it } from 'vitest';
import { BLOWS, type Blow } from './crash-points/blow.js';
import { crash, findingOf, pointsOf, reference, strike, sweep, type Finding, type Reference } from './crash-points/campaign.js';
import { wrongEndsWithoutSpm } from './crash-points/ends.js';
import type { FailureCase } from './failure-case.js';
import { FAILURE_CASES } from './failure-cases.js';
import type { EnginePoint } from './scenario.js';

const SEED = 1;
/** Of every case but the first: as many points as a test run has time for. All of them: npm run crash-points. */
const EVERY = 61;

const courses = new Map<string, Promise<Reference>>();

function unhurtCourse(of: FailureCase): Promise<Reference> {
  const known = courses.get(of.name) ?? reference(of, SEED);
  courses.set(of.name, known);
  return known;
}

async function firstStruck(unhurt: Reference, blow: Blow, points: readonly EnginePoint[]): Promise<{ readonly point: EnginePoint; readonly problems: readonly string[] } | null> {
  for (const point of points) {
    const { problems, struck } = await strike(unhurt, { blow, point });
    if (struck || problems.length > 0) return { point, problems };
  }
  return null;
}

describe('crashing the engine at every point of a flow', () => {
  const cases = FAILURE_CASES.map((failureCase, i) => ({ ...failureCase, every: i === 0 ? 1 : EVERY }));
  it.each(cases)('changes nothing if $name', async ({ every, ...failureCase }) => {
    const unhurt = await unhurtCourse(failureCase);
    expect(unhurt.course.problems).toEqual([]);
    const findings: Finding[] = [];
    let crashes = 0;
    for await (const { course, finding } of sweep(unhurt, { blow: 'engine', every })) {
      if (course.struck) crashes += 1;
      if (finding !== null) findings.push(finding);
    }
    expect(findings).toEqual([]);
    // Only before the engine has started can it not crash.
    expect(crashes).toBeGreaterThanOrEqual(Math.floor(pointsOf(unhurt).length / every) - 5);
  });
});

describe('an SPM that dies, hangs for longer than its lease, loses it, or leaves its role at a point of a flow', () => {
  const blows = BLOWS.filter((blow) => blow !== 'engine');
  const cases = FAILURE_CASES.map((failureCase, i) => ({ name: failureCase.name, failureCase, i }));
  it.each(cases)('breaks nothing, and holds nobody, if $name', async ({ failureCase, i }) => {
    const unhurt = await unhurtCourse(failureCase);
    const points = pointsOf(unhurt);
    const findings: Finding[] = [];
    for (const [k, blow] of blows.entries()) {
      // Another one for each, evenly over all; not before there is an SPM, and where the case leaves none at that moment, a later one. All of them: npm run crash-points.
      const share = ((i * blows.length + k) * 0.618) % 1;
      const tried = [0, 0.13, 0.26, 0.39, 0.52, 0.65, 0.78, 0.91].flatMap((later) => points[Math.floor(30 + ((share + later) % 1) * (points.length - 30))] ?? []);
      const struck = await firstStruck(unhurt, blow, tried);
      if (struck === null) findings.push(...tried.slice(0, 1).map((point) => findingOf(unhurt, { blow, point }, ['nothing happened, nor at any later point that was tried'])));
      else if (struck.problems.length > 0) findings.push(findingOf(unhurt, { blow, point: struck.point }, struck.problems));
    }
    expect(findings).toEqual([]);
  });

  const DIED = { code: 'TASK_FAILED', message: 'task t (copy) failed with 0: Task is initializing', retryable: false, causes: [] } as const;
  const FAILED = { ...DIED, message: 'task t (copy) failed with 261: no' } as const;
  const CANCELLED = { ...DIED, code: 'CANCELLED', message: 'it was cancelled' } as const;
  const ended = (id: string, status: 'SUCCEEDED' | 'ROLLED_BACK' | 'STUCK', error?: typeof DIED | typeof FAILED | typeof CANCELLED, parentId: string | null = null) =>
    ({ id, parentId, status, exists: [], operator: [], ...(error === undefined ? {} : { error }) });
  const succeeds = { ...(FAILURE_CASES[0] as FailureCase), ends: 'SUCCEEDED, SUCCEEDED' };

  it.each<[what: string, commands: Parameters<typeof wrongEndsWithoutSpm>[2], wrong: RegExp | null]>([
    ['all as without it', [ended('a', 'SUCCEEDED'), ended('b', 'SUCCEEDED')], null],
    ['a rollback for the death of a host', [ended('a', 'ROLLED_BACK', DIED), ended('b', 'SUCCEEDED')], null],
    ['a rollback for another failure', [ended('a', 'ROLLED_BACK', FAILED), ended('b', 'SUCCEEDED')], /^ends: a is ROLLED_BACK \(.*261/],
    ['one for a child whose host died', [ended('a', 'ROLLED_BACK', FAILED), ended('b', 'ROLLED_BACK', DIED, 'a')], null],
    ['one for a parent whose host died', [ended('a', 'ROLLED_BACK', DIED), ended('b', 'ROLLED_BACK', CANCELLED, 'a')], null],
    ['one for no parent', [ended('a', 'SUCCEEDED'), ended('b', 'ROLLED_BACK', CANCELLED, 'a')], /^ends: b is ROLLED_BACK/],
    ['a command that is held', [ended('a', 'STUCK', DIED), ended('b', 'SUCCEEDED')], /^ends: a is STUCK/],
  ])('may lead to no other ends: %s', (_, commands, wrong) => {
    expect(wrongEndsWithoutSpm(succeeds, ['a', 'b'], commands)).toEqual(wrong === null ? [] : [expect.stringMatching(wrong) as string]);
  });
});

describe('the campaign of crash points', () => {
  const nothingFails = FAILURE_CASES[0] as FailureCase;

  it('tells of a command that ends otherwise than it should, and how to see it again', async () => {
    const wrong = await reference({ ...nothingFails, ends: 'ROLLED_BACK' }, SEED);
    expect(wrong.course.problems).toEqual(['ends: SUCCEEDED, SUCCEEDED, SUCCEEDED, expected ROLLED_BACK']);
    for await (const { finding } of sweep(wrong, { blow: 'engine', every: 100_000 })) {
      expect(finding?.problems).toEqual(wrong.course.problems);
      expect(finding?.again).toBe(`npm run -s seatbelt -- run live-migration --seed 1 --set 'faults=[{"crashEngine":{"event":1,"down":"5s"}}]'`);
    }
  });

  it('has a point before each event, and one before and one after each port operation', async () => {
    const unhurt = await reference(nothingFails, SEED);
    const points = pointsOf(unhurt);
    expect(points).toHaveLength(unhurt.course.events + 2 * unhurt.course.portOperations);
    const [middle] = points.filter((point) => point.at === 'after').slice(40);
    if (middle === undefined) throw new Error('there are too few points');
    const hurt = await crash(unhurt, middle);
    expect(hurt).toMatchObject({ struck: true, problems: [] });
    expect(hurt.traceHash).not.toBe(unhurt.course.traceHash);
  });
});
