import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { crash, findingOf, pointsOf, reference, type Finding, type Reference } from '../crash-points/campaign.js';
import type { FailureCase } from '../failure-case.js';
import { FAILURE_CASES } from '../failure-cases.js';
import { tell } from '../processes.js';
import type { EnginePoint } from '../scenario.js';

// Runs the campaign of crash points in random order until something goes wrong, or for so many runs: `hunter SEED RUNS`. It is started in a copy of the
// program that has a mutant in it.

export type HunterMessage =
  | { readonly type: 'runs'; readonly runs: number }
  | { readonly type: 'caught'; readonly runs: number; readonly finding: Finding };

const [seed = '1', limit = '1'] = process.argv.slice(2);
const send = (message: HunterMessage): Promise<void> => tell(message);
let runs = 0;

const SEEDS = 20;

const caught = await hunt();
if (caught !== null) await send({ type: 'caught', runs, finding: caught });
// The channel to the parent would keep this process.
process.disconnect();

async function hunt(): Promise<Finding | null> {
  const references: Reference[] = [];
  for (const [failureCase, ownSeed] of courses()) {
    const unhurt = await reference(failureCase, ownSeed);
    await count(1);
    if (unhurt.course.problems.length > 0) return findingOf(unhurt, null, unhurt.course.problems);
    references.push(unhurt);
  }
  for (const first of references.slice(0, FAILURE_CASES.length)) {
    const second = await reference(first.of, first.seed);
    await count(1);
    if (first.course.traceHash !== second.course.traceHash) return findingOf(first, null, ['determinism: the same run has two traces']);
  }
  const left = references.flatMap((of) => pointsOf(of).map((point): readonly [Reference, EnginePoint] => [of, point]));
  const generator = xoroshiro128plus(Number(seed));
  while (runs < Number(limit) && left.length > 0) {
    const [drawn] = left.splice(uniformInt(generator, 0, left.length - 1), 1);
    if (drawn === undefined) break;
    const [of, point] = drawn;
    const { problems } = await crash(of, point);
    await count(1);
    if (problems.length > 0) return findingOf(of, { blow: 'engine', point }, problems);
  }
  return null;
}

/** Every case, and then those again with other seeds in which chance decides how they go: one shows little of these. */
function courses(): readonly (readonly [FailureCase, number])[] {
  const first = FAILURE_CASES.map((one) => [one, Number(seed)] as const);
  const further = Array.from({ length: SEEDS - 1 }, (_, i) => FAILURE_CASES.filter(({ ends }) => ends === null).map((one) => [one, Number(seed) + i + 1] as const));
  return [...first, ...further.flat()];
}

async function count(more: number): Promise<void> {
  runs += more;
  await send({ type: 'runs', runs });
}
