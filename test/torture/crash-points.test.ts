import { describe, expect, it } from 'vitest';
import { crash, pointsOf, reference, sweep, type Finding } from './crash-points/campaign.js';
import type { FailureCase } from './failure-case.js';
import { FAILURE_CASES } from './failure-cases.js';

const SEED = 1;
/** Of every case but the first: as many points as a test run has time for. All of them: npm run crash-points. */
const EVERY = 61;

describe('crashing the engine at every point of a flow', () => {
  const cases = FAILURE_CASES.map((failureCase, i) => ({ ...failureCase, every: i === 0 ? 1 : EVERY }));
  it.each(cases)('changes nothing if $name', async ({ every, ...failureCase }) => {
    const unhurt = await reference(failureCase, SEED);
    expect(unhurt.course.problems).toEqual([]);
    const findings: Finding[] = [];
    let crashes = 0;
    for await (const { course, finding } of sweep(unhurt, every)) {
      if (course.crashed) crashes += 1;
      if (finding !== null) findings.push(finding);
    }
    expect(findings).toEqual([]);
    // Only before the engine has started can it not crash.
    expect(crashes).toBeGreaterThanOrEqual(Math.floor(pointsOf(unhurt).length / every) - 5);
  });
});

describe('the campaign of crash points', () => {
  const nothingFails = FAILURE_CASES[0] as FailureCase;

  it('tells of a command that ends otherwise than it should, and how to see it again', async () => {
    const wrong = await reference({ ...nothingFails, ends: 'ROLLED_BACK' }, SEED);
    expect(wrong.course.problems).toEqual(['ends: SUCCEEDED, SUCCEEDED, SUCCEEDED, expected ROLLED_BACK']);
    for await (const { finding } of sweep(wrong, 100_000)) {
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
    expect(hurt).toMatchObject({ crashed: true, problems: [] });
    expect(hurt.traceHash).not.toBe(unhurt.course.traceHash);
  });
});
