import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as wire from '../../actors/wire.js';
import { HOST_ERRORS } from '../../sim/world/verbs/host-errors.js';
import { BUILT_IN_VOCABULARY } from '../../sim/scenario/vocabulary.js';
import { Simulation } from '../../sim/embed/simulation.js';
import { parseScenario } from '../../sim/scenario/load.js';
import { exists } from './named-test.js';
import { ROOT } from './planted.js';

const text = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

/** First cells of the rows of all tables in a section. */
function firstCells(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^\| `?([A-Z0-9_]+)`? \|/gm)].map(([, cell]) => cell ?? '');
}

describe('docs/errors.md', () => {
  it('has every code of ours once, and no other', async () => {
    const [, union] = /export type ErrorCode =([^;]*);/.exec(await text('src/model/errors.ts')) ?? [];
    const codes = [...(union ?? '').matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
    const [ours] = (await text('docs/errors.md')).split('## Codes of hosts');
    expect(codes.length).toBeGreaterThan(20);
    expect(firstCells(ours ?? '')).toEqual(codes);
  });

  it('has every code of hosts', async () => {
    const [, ofHosts] = (await text('docs/errors.md')).split('## Codes of hosts');
    const codes = [...Object.values(wire).filter((value) => typeof value === 'number'), ...Object.values(HOST_ERRORS).map(({ code }) => code)];
    expect(codes.length).toBeGreaterThan(20);
    expect(firstCells(ofHosts ?? '').map(Number)).toEqual(expect.arrayContaining(codes));
  });
});

describe('docs/declared-commands.md', () => {
  it('shows an example that does what it says: one guest stays, the other is undone', async () => {
    const [, example] = /```yaml\n(.*?)```/s.exec(await text('docs/declared-commands.md')) ?? [];
    const simulation = await Simulation.create(parseScenario(example ?? '', 'docs/declared-commands.md', { vocabulary: BUILT_IN_VOCABULARY }));
    await simulation.run();
    const { commands, invariants, unused } = simulation.result();
    await simulation.dispose();
    expect(commands.map(({ id, status }) => [id, status]).toSorted()).toEqual([
      ['ann', 'SUCCEEDED'],
      ['bob', 'ROLLED_BACK'],
    ]);
    expect(invariants.filter(({ held }) => !held)).toEqual([]);
    expect(unused).toEqual([]);
  });
});

describe('docs/scenarios.md', () => {
  it('shows an example that works', async () => {
    const [, example] = /```yaml\n(.*?)```/s.exec(await text('docs/scenarios.md')) ?? [];
    const scenario = parseScenario(example ?? '', 'docs/scenarios.md', { vocabulary: BUILT_IN_VOCABULARY });
    expect(scenario).toMatchObject({ name: 'two-disks', commands: [{ id: 'migrate' }] });
  });
});

describe('docs/design-map.md', async () => {
  const rows = [...(await text('docs/design-map.md')).matchAll(/^\| (\d+) \|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)];

  it('numbers each statement of the design', () => {
    expect(rows.map(([, n]) => Number(n))).toEqual(Array.from({ length: 28 }, (_, i) => i + 1));
  });

  it.each(rows.map(([, n, statement, tests]) => [Number(n), (statement ?? '').trim(), tests ?? ''] as const))('statement %i is held by tests: %s', (_, __, tests) => namesTests(tests));
});

describe('docs/semantics-map.md', async () => {
  const rows = [...(await text('docs/semantics-map.md')).matchAll(/^\| (\d+) \|([^|]*)\|([^|]*)\|$/gm)];

  it('numbers each claim of the specification', () => {
    expect(rows.length).toBeGreaterThan(120);
    expect(rows.map(([, n]) => Number(n))).toEqual(rows.map((_, i) => i + 1));
  });

  it.each(rows.map(([, n, claim, tests]) => [Number(n), (claim ?? '').trim(), tests ?? ''] as const))('claim %i is held by tests: %s', (_, __, tests) => namesTests(tests));
});

/** That a cell names tests which are there, and nothing else. */
async function namesTests(cell: string): Promise<void> {
  const named = [...cell.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, file, test]) => ({ file: file ?? '', test: test ?? '' }));
  expect(named.length).toBeGreaterThan(0);
  expect(cell.trim()).toBe(named.map(({ file, test }) => `\`${file}\` "${test}"`).join('; '));
  for (const one of named) expect([one, await exists(one)]).toEqual([one, true]);
}
