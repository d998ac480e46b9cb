import { z } from 'zod';
import { dataSchema } from '../fields.js';
import type { Path, Problem } from '../problem.js';
import type { ParamDeclaration } from './declaration.js';

/** The schema of a declared command's params; and the defaults that do not fit it. */
export function paramsSchema(params: { readonly [name: string]: ParamDeclaration }, path: Path): { readonly schema: z.ZodType; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const shape = Object.entries(params).map(([name, param]) => {
    const one = typeSchema(param.type);
    const schema = param.list ? z.array(one) : one;
    if (!('default' in param) || param.default === undefined) return [name, schema] as const;
    const parsed = schema.safeParse(param.default);
    if (!parsed.success) problems.push({ path: [...path, name, 'default'], at: 'value', message: `is no ${param.list ? `list of ${param.type}` : param.type}` });
    return [name, schema.default(param.default)] as const;
  });
  return { schema: z.strictObject(Object.fromEntries(shape)), problems };
}

function typeSchema(type: ParamDeclaration['type']): z.ZodType {
  switch (type) {
    case 'string':
      return z.string();
    case 'integer':
      return z.int();
    case 'number':
      return z.number();
    case 'boolean':
      return z.boolean();
    case 'any':
      return dataSchema;
  }
}
