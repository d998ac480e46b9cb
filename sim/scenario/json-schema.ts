import { z } from 'zod';
import { scenarioSchema } from './schema.js';

/** The JSON Schema (draft 2020-12) of what a scenario file holds, for editors and generators. What needs to know names, a schema cannot see. */
export function scenarioJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(scenarioSchema, {
    io: 'input',
    reused: 'ref',
    // It says that we do not change what we have read, and would tell an editor that nobody may write it.
    override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
  });
  return { $schema, title: 'seatbelt scenario', ...schema };
}
