import { describe, expect, it } from 'vitest';
import { exists } from '../../lint/named-test.js';
import { pageOf } from './page.js';
import type { Row } from './row.js';
import { SECTIONS } from './sections.js';

const applicable = (rows: (typeof SECTIONS)[number]['rows']): readonly Row[] => rows.filter((row): row is Row => 'proof' in row);

// One row: npx vitest run test/conformance/table -t "vdsm-1.stop-queued"
describe.each(SECTIONS.filter(({ rows }) => applicable(rows).length > 0))('$page: $title', ({ rows }) => {
  it.each(applicable(rows))('$id: $then', async ({ proof }) => {
    if (typeof proof === 'function') return proof();
    expect(proof.length).toBeGreaterThan(0);
    for (const one of proof) expect([one, await exists(one)]).toEqual([one, true]);
  });
});

describe('the table', () => {
  it('names each row once', () => {
    const ids = SECTIONS.flatMap(({ rows }) => rows.map(({ id }) => id));
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  it('is what the docs show (npm run conformance makes the page anew)', async () => {
    await expect(pageOf(SECTIONS)).toMatchFileSnapshot('../../../docs/conformance.md');
  });
});
