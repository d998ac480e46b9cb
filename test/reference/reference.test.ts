import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { anyCourse } from './any-course.js';
import { AT_ONE_TIME, check } from './check.js';
import { difference, firstDifference } from './compare.js';
import { PLANTED } from './planted.js';
import { play, type Life } from './play.js';
import { RULES } from './rules.js';
import { describeCourse } from './text.js';

const SEED = Number(process.env['FC_SEED'] ?? 20_261_123);
/** Engines, with four or five commands each. */
const RUNS = Number(process.env['REFERENCE_RUNS'] ?? 450);

describe('the real engine and the reference model', () => {
  it('never differ, whatever fails, is cancelled, or crashes', { timeout: 900_000 }, async () => {
    const { commands, crashes, statuses, difference: found } = await check({ runs: RUNS, seed: SEED });
    if (found !== null) expect.fail(found);
    // What was compared is worth comparing.
    expect(commands).toBeGreaterThan(3 * RUNS);
    expect(crashes).toBeGreaterThan(RUNS / 4);
    for (const status of ['SUCCEEDED', 'ROLLED_BACK', 'ROLLBACK_INCOMPLETE', 'CLOSED_BY_OPERATOR']) expect(statuses.get(status) ?? 0).toBeGreaterThan(RUNS / 10);
    // Rare, so that a few runs may have none.
    for (const status of ['STUCK', 'COMPLETED']) expect(statuses.get(status) ?? 0).toBeGreaterThanOrEqual(Math.floor(RUNS / 100));
  });
});

describe('a wrong rule in the model is noticed:', () => {
  const lives: Life[] = [];

  beforeAll(async () => {
    for (const course of fc.sample(anyCourse(AT_ONE_TIME), { numRuns: 200, seed: SEED })) lives.push(...(await play(course)).lives);
  }, 300_000);

  it.each(PLANTED)('$name', ({ rules }) => {
    expect(lives.some((life) => difference(life, rules) !== null)).toBe(true);
  });

  it('and the right ones are not', () => {
    expect(lives.flatMap((life) => difference(life, RULES) ?? [])).toEqual([]);
  });
});

it('says in words what was compared, and where the two differ', async () => {
  const [course] = fc.sample(anyCourse(1), { numRuns: 1, seed: 3 });
  if (course === undefined) throw new Error('no course was drawn');
  expect(describeCourse(course)).toMatch(/^command c0.*\n {2}step 0: \d attempts/);
  const played = await play(course);
  const [life] = played.lives;
  if (life === undefined) throw new Error('no command ran');
  const forged = { ...played, lives: [{ ...life, log: life.log.slice(1) }] };
  expect(firstDifference(forged, RULES)).toMatch(/^c0: entry \d+: .*\n {2}what the engine did:/);
});
