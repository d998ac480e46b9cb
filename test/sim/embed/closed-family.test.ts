import { expect, it } from 'vitest';
import { z } from 'zod';
import { Simulation } from '../../../sim/embed/simulation.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { vocabularyOf } from '../../../sim/scenario/vocabulary.js';
import { defineCommand } from '../../../src/model/command.js';
import { broken, finished } from './finished.js';

const params = z.strictObject({});
const once = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
const task = (verb: string, thing: string) => ({ verb, args: { thing }, pool: 'pool1' });
const made = <const N extends string>(name: N) => ({ name, undoRetry: once, createTask: () => task('make', name), compensate: () => task('unmake', name) });

/** A root with a child that has a child, each with a step of its own that cannot be undone if its fault is in; and a last step that fails. */
const COMMANDS = new Map(
  [
    defineCommand({ type: 'Leaf', params, locks: () => [] }).step(made('leaf')).build(),
    defineCommand({ type: 'Branch', params, locks: () => [] })
      .step({ name: 'grow', beforeTask: ({ startChild }) => void startChild({ type: 'Leaf', params: {} }), compensate: () => undefined })
      .step(made('branch'))
      .build(),
    defineCommand({ type: 'Root', params, locks: () => [{ key: 'lock/root', mode: 'exclusive' }] })
      .step({ name: 'plant', undoRetry: once, beforeTask: ({ startChild }) => void startChild({ type: 'Branch', params: {} }), compensate: () => undefined })
      .step(made('root'))
      .step({ name: 'fail', effectFree: true, createTask: () => task('check', 'c') })
      .build(),
  ].map((definition) => [definition.type, definition]),
);
const [branch, leaf] = ['r!0.1.0', 'r!0.1.0!0.1.0'];

function scenario(stays: string, child: string | undefined, action: string) {
  return parseScenario(
    JSON.stringify({
      verbs: {
        make: { kind: 'spm', effect: 'thing/${args.thing}', latency: '2s' },
        unmake: { kind: 'spm', reverses: 'thing/${args.thing}', latency: '2s' },
        check: { kind: 'spm', args: ['thing'], effectFree: true, outcomes: ['fails 100'] },
      },
      commands: [{ id: 'r', at: '1s', type: 'Root', operator: [{ at: '10min', action, ...(child === undefined ? {} : { child }) }] }],
      faults: [{ failTask: { verb: 'unmake', match: { thing: stays }, nth: 'every', code: 100 } }],
    }),
    'family.json',
    { vocabulary: vocabularyOf(COMMANDS) },
  );
}

it.each<[stays: string, child: string | undefined, action: string, exists: string[]]>([
  // Its own steps are undone all the same; what it has to list is its child's.
  ['branch', branch, 'skip', [`${branch} branch skipped`]],
  ['branch', branch, 'abandon', [`${branch} grow blocked`, `${branch} branch failed`, `${leaf} leaf completed`]],
  ['leaf', leaf, 'skip', [`${leaf} leaf skipped`]],
  ['leaf', leaf, 'resolve', []],
  // Nobody has got as far as its children.
  ['root', undefined, 'skip', ['r root skipped']],
  ['root', undefined, 'abandon', ['r plant blocked', 'r root failed', `${branch} grow completed`, `${branch} branch completed`, `${leaf} leaf completed`]],
])('%s cannot be undone, and an operator acts on %s with %s: the root lists %j, and the ledger agrees', async (stays, child, action, exists) => {
  const simulation = await Simulation.create(scenario(stays, child, action), { commands: COMMANDS });
  const result = await finished(simulation);
  const root = result.commands.find(({ id }) => id === 'r');
  expect([root?.status, broken(result)]).toEqual(['CLOSED_BY_OPERATOR', []]);
  expect(root?.exists.map(({ commandId, handler, why }) => `${commandId} ${handler} ${why}`)).toEqual(exists);
});
