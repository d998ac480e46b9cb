import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULT_TABLE, isExempt, type FaultRow } from '../../../sim/invariants/exemptions.js';
import { INVARIANTS } from '../../../sim/invariants/monitor.js';
import { scenarioJsonSchema } from '../../../sim/scenario/json-schema.js';
import { ROOT } from '../../lint/planted.js';

const NAMES = [...INVARIANTS.map(({ name }) => name), 'determinism'];

/** A line of the table in docs/invariants.md. */
function lineOf({ of, fault, by, exempts }: FaultRow): string {
  const how = by.length === 0 ? 'not yet' : by.map((key) => `\`${key}\``).join(', ');
  const exempt = Object.entries(exempts).map(([name, holdsFor]) => `\`${name}\` holds for ${holdsFor}`);
  return `| ${of} | ${fault} | ${how} | ${exempt.length === 0 ? 'nothing' : exempt.join('. ')} |`;
}

/** The keys of an object of the scenario format. */
function keysOf(schema: unknown): readonly string[] {
  return Object.keys((schema as { readonly properties?: object }).properties ?? {});
}

describe('the table of what exempts from invariants', () => {
  const schema = scenarioJsonSchema() as { readonly $defs: Readonly<Record<string, unknown>>; readonly properties: { readonly faults: { readonly items: { readonly $ref: string } } } };
  const faults = keysOf(schema.$defs[schema.properties.faults.items.$ref.replace('#/$defs/', '')]);
  const sections = keysOf(schema);

  it('has every fault that a scenario can name', () => {
    expect(faults.length).toBeGreaterThan(14);
    const named = new Set(FAULT_TABLE.flatMap(({ by }) => by));
    expect(faults.filter((fault) => !named.has(fault))).toEqual([]);
  });

  it('names nothing by which no fault comes about', () => {
    const keys = new Set([...faults, ...sections, 'acceptOlderStore']);
    expect(FAULT_TABLE.flatMap(({ by }) => by).filter((key) => !keys.has(key))).toEqual([]);
  });

  it('speaks of invariants that there are', () => {
    expect(FAULT_TABLE.flatMap(({ exempts }) => Object.keys(exempts)).filter((name) => !NAMES.includes(name))).toEqual([]);
  });

  it('is what the docs show', async () => {
    const [, section = ''] = (await readFile(join(ROOT, 'docs/invariants.md'), 'utf8')).split('## What exempts from them');
    const lines = section.split('\n').filter((line) => line.startsWith('| ')).slice(1);
    expect(lines.slice(0, FAULT_TABLE.length)).toEqual(FAULT_TABLE.map(lineOf));
  });

  it('exempts no command from anything in a store that was never an older copy', () => {
    const scene = { epoch: 0 } as Parameters<typeof isExempt>[0];
    const state = { status: 'STUCK' } as Parameters<typeof isExempt>[2];
    for (const name of ['liveness', 'truth'] as const) expect(isExempt(scene, name, state)).toBe(false);
    expect(isExempt(scene, 'truth', { ...state, inDoubt: true })).toBe(true);
    expect(isExempt(scene, 'spm-lease', { ...state, inDoubt: true })).toBe(false);
  });
});
