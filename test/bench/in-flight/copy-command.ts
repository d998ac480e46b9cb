import { z } from 'zod';
import { defineCommand } from '../../../src/model/command.js';
import { entityKind } from '../../../src/model/entity.js';

export const Disk = entityKind<{ readonly copies: number; readonly busy: boolean }>('disk');

const copy = (params: { readonly disk: string; readonly pool: string }) => ({ verb: 'copy', args: { disk: params.disk }, pool: params.pool, entity: `disk/${params.disk}` });

/** The simplest command that has everything of a real one: an exclusive lock, three steps of one long task each, changes of a record. */
export const COPY = defineCommand({
  type: 'CopyThrice',
  params: z.strictObject({ disk: z.string(), pool: z.string() }).readonly(),
  locks: ({ disk }) => [{ key: `disk/${disk}`, mode: 'exclusive' }],
})
  .step({
    name: 'first',
    effectFree: true,
    beforeTask: (ctx) => ctx.entities.update(Disk, ctx.params.disk, (disk) => ({ ...disk, busy: true })),
    createTask: ({ params }) => copy(params),
  })
  .step({ name: 'second', effectFree: true, createTask: ({ params }) => copy(params) })
  .step({
    name: 'third',
    effectFree: true,
    createTask: ({ params }) => copy(params),
    endSuccessfully: (ctx) => ctx.entities.update(Disk, ctx.params.disk, ({ copies }) => ({ copies: copies + 1, busy: false })),
  })
  .build();
