import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { anyCourse } from './any-course.js';
import { AT_ONE_TIME } from './check.js';
import { difference, firstDifference } from './compare.js';
import { PLANTED } from './planted.js';
import { play, type Life } from './play.js';
import { RULES } from './rules.js';
import { describeCourse } from './text.js';

const SEED = Number(process.env['FC_SEED'] ?? 20_261_123);
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
