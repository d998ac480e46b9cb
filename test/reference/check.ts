import fc from 'fast-check';
import { anyCourse } from './any-course.js';
import { firstDifference } from './compare.js';
import { play } from './play.js';
import { reachedIn } from './reached.js';
import { RULES } from './rules.js';
import { describeCourse } from './text.js';

/** Commands at one time in one engine: enough to meet one another, few enough to be read. */
export const AT_ONE_TIME = 8;

export interface Checked {
  /** Those that a client submitted. */
  readonly commands: number;
  /** With their children: each is compared by itself. */
  readonly lives: number;
  readonly crashes: number;
  readonly events: number;
  /** In how many lives each of {@link reachedIn} was. */
  readonly reached: ReadonlyMap<string, number>;
  /** Where engine and model differ, in the smallest course that shows it, and what to run to see it again; null if they never do. */
  readonly difference: string | null;
}

/**
 * Compares the real engine with the reference model in `runs` courses of up to {@link AT_ONE_TIME} commands.
 * @param path of fast-check, to begin with a case that an earlier check has found
 */
export async function check(options: { readonly runs: number; readonly seed: number; readonly path?: string }): Promise<Checked> {
  const { runs, seed, path } = options;
  const reached = new Map<string, number>();
  const seen = { commands: 0, lives: 0, crashes: 0, events: 0 };
  const property = fc.asyncProperty(anyCourse(AT_ONE_TIME), async (course) => {
    const played = await play(course);
    const found = firstDifference(played, RULES);
    if (found !== null) throw new Error(found);
    seen.commands += course.commands.length;
    seen.lives += played.lives.length;
    seen.crashes += played.crashes;
    seen.events += played.events;
    for (const what of played.lives.flatMap((life) => [...reachedIn(life)])) reached.set(what, 1 + (reached.get(what) ?? 0));
  });
  const result = await fc.check(property, { numRuns: runs, seed, ...(path === undefined ? {} : { path }) });
  if (!result.failed) return { ...seen, reached, difference: null };
  const [course] = result.counterexample ?? [];
  const again = `npm run reference -- --seed ${seed} --path ${result.counterexamplePath ?? '0'}`;
  const text = course === undefined ? 'no case was found' : describeCourse(course);
  return { ...seen, reached, difference: `${text}\n${String(result.errorInstance)}\nto see it again: ${again}` };
}
