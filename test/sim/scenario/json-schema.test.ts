import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { scenarioJsonSchema } from '../../../sim/scenario/json-schema.js';
import { PACKAGE_ROOT } from '../../../sim/scenario/package-root.js';

const schema = z.fromJSONSchema(scenarioJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

async function filesIn(...folder: readonly string[]): Promise<readonly string[]> {
  const directory = join(PACKAGE_ROOT, ...folder);
  return (await readdir(directory)).filter((file) => file.endsWith('.yaml')).map((file) => join(directory, file));
}

describe('the JSON Schema of scenarios', async () => {
  it.each([...(await filesIn('sim', 'scenario', 'builtin')), ...(await filesIn('examples'))])('accepts %s', async (file) => {
    expect(schema.safeParse(parse(await readFile(file, 'utf8'))).error).toBeUndefined();
  });

  it.each([
    ['an unknown key', { hots: [] }],
    ['an unknown key of a handler', { define: [{ type: 'A', handlers: [{ name: 'a', befoerTask: {} }] }] }],
    ['a number for a duration', { limit: 5 }],
    ['a verb of an unknown kind', { verbs: { mine: { kind: 'task', effect: 'a' } } }],
  ])('refuses %s', (_, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('is one that editors know', () => {
    expect(scenarioJsonSchema()).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'seatbelt scenario', type: 'object' });
    expect(JSON.stringify(scenarioJsonSchema())).not.toContain('readOnly');
  });
});
