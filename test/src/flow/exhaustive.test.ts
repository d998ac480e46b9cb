import { describe, expect, test } from 'vitest';
import { isHeld, isTerminal } from '../../../src/flow/state.js';
import { dietOf, SCOPES, shapesOf } from './scopes.js';
import { commitProblem, stateProblem } from './soundness.js';
import { explore, pathTo, type Reached } from './state-space.js';

// Each scope is explored to its last state.
describe('every state that a command can come to is sound, and leads on to an end by itself, and so does every commit on the way', () => {
  test.each(SCOPES)('$scope', { timeout: 600_000 }, (scope) => {
    let states = 0;
    for (const shape of shapesOf(scope)) {
      const fails = (problem: string | null, reached: Reached, event?: unknown): void => {
        if (problem === null) return;
        const last = event === undefined ? '' : `\n  ${JSON.stringify(event)}`;
        throw new Error(`${problem}, of ${shape.map(({ name }) => name).join(', ')}:\n${pathTo(reached)}${last}`);
      };
      const all = explore(
        shape,
        dietOf(scope),
        (reached) => fails(stateProblem(shape, reached.state), reached),
        (from, event, to) => fails(commitProblem(from.state, to), from, event),
      );
      states += all.length;
      deadEnds(all).forEach((reached) => fails('it leads nowhere by itself', reached));
    }
    expect(states).toBeGreaterThanOrEqual(scope.atLeast);
  });
});

/** Those from which nothing leads by itself to an end, or to where an operator or the root of the family takes over. */
function deadEnds(all: readonly Reached[]): readonly Reached[] {
  const comesFrom = new Map<Reached, Reached[]>();
  for (const reached of all) comesFrom.set(reached, []);
  for (const reached of all) for (const next of reached.next) comesFrom.get(next)?.push(reached);
  const ends = all.filter(({ state: { status } }) => isTerminal(status) || isHeld(status) || status === 'COMPLETED');
  const alive = new Set(ends);
  for (const reached of alive) for (const before of comesFrom.get(reached) ?? []) alive.add(before);
  return all.filter((reached) => !alive.has(reached));
}
