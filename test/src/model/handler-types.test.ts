import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../../src/model/command.js';
import { taskHandler } from '../../../src/model/handler.js';

// What the types promise. `npm run typecheck` is the test: an expected error that does not come is an error.

const params = z.strictObject({ disk: z.string(), size: z.int().default(1) });
const command = () => defineCommand({ type: 'Move', params });

test('params are what the schema gives', () => {
  command().step({
    name: 'copy',
    beforeTask: (ctx) => {
      expectTypeOf(ctx.params).toEqualTypeOf<{ disk: string; size: number }>();
      // @ts-expect-error there is no such param
      void ctx.params.disks;
    },
  });
  defineCommand({
    type: 'Move',
    params,
    // @ts-expect-error there is no such param
    locks: ({ disks }) => [{ key: disks as string, mode: 'exclusive' }],
  });
});

test('a later step sees the outputs of earlier ones under their names', () => {
  command()
    .step({ name: 'snapshot', endSuccessfully: () => ({ id: 's' }) })
    .step({ name: 'nothing' })
    .step({
      name: 'copy',
      createTask: ({ outputs }) => {
        expectTypeOf(outputs.snapshot).toEqualTypeOf<{ id: string }>();
        expectTypeOf(outputs.nothing).toEqualTypeOf<undefined>();
        return undefined;
      },
    });
});

test('no step sees a later one, or itself', () => {
  command()
    .step({
      name: 'first',
      // @ts-expect-error 'second' comes later
      beforeTask: ({ outputs }) => void outputs.second,
    })
    .step({
      name: 'second',
      // @ts-expect-error it has no output yet
      beforeTask: ({ outputs }) => void outputs.second,
      endSuccessfully: () => 2,
    });
});

test('names are literal, single and new', () => {
  const begun = command().step({ name: 'copy' });
  // @ts-expect-error there is one of that name
  begun.step({ name: 'copy' });
  const computed: string = 'co'.concat('py');
  // @ts-expect-error nobody could name its output
  command().step({ name: computed });
  const either = 'left' as 'left' | 'right';
  // @ts-expect-error which of the two?
  command().step({ name: either });
});

test('what beforeTask returns is given to the other callbacks, and is uncertain only where it may be missing', () => {
  command().step({
    name: 'copy',
    beforeTask: () => ({ volume: 'v' }),
    createTask: ({ before }) => {
      expectTypeOf(before).toEqualTypeOf<{ volume: string }>();
      return undefined;
    },
    endSuccessfully: ({ before }) => {
      expectTypeOf(before).toEqualTypeOf<{ volume: string }>();
      return 7;
    },
    endWithFailure: ({ before }) => {
      expectTypeOf(before).toEqualTypeOf<{ volume: string } | undefined>();
      // @ts-expect-error beforeTask may have thrown
      void before.volume;
    },
    compensate: ({ before, output }) => {
      expectTypeOf(before).toEqualTypeOf<{ volume: string }>();
      expectTypeOf(output).toEqualTypeOf<number | undefined>();
      // @ts-expect-error endSuccessfully may have thrown
      void output.toFixed();
    },
  });
});

test('promises are seen through', () => {
  command()
    .step({ name: 'snapshot', beforeTask: async () => 'b', endSuccessfully: async ({ before }) => before.length })
    .step({ name: 'copy', beforeTask: ({ outputs }) => expectTypeOf(outputs.snapshot).toEqualTypeOf<number>() });
});

test('a handler in a file of its own names the outputs it reads, and the command must have them', () => {
  const copy = taskHandler<{ disk: string }, { readonly snapshot: { id: string } }>()({
    name: 'copy',
    beforeTask: ({ outputs }) => outputs.snapshot.id,
  });
  command().step({ name: 'snapshot', endSuccessfully: () => ({ id: 's' }) }).step(copy);
  // @ts-expect-error no earlier step is called 'snapshot'
  command().step(copy);
  // @ts-expect-error its output is of another type
  command().step({ name: 'snapshot', endSuccessfully: () => ({ id: 7 }) }).step(copy);
});

test('a handler may read fewer params than there are, and none that are not there', () => {
  command().step(taskHandler<{ disk: string }>()({ name: 'copy' }));
  // @ts-expect-error the command has no such param
  command().step(taskHandler<{ vm: string }>()({ name: 'copy', beforeTask: ({ params: { vm } }) => vm }));
});

test('only beforeTask starts tasks and children, all may read, and hasPassed does nothing else', () => {
  command().step({
    name: 'copy',
    beforeTask: (ctx) => {
      expectTypeOf(ctx.startTask).returns.toEqualTypeOf<string>();
      expectTypeOf(ctx.read).toBeFunction();
    },
    // @ts-expect-error its tasks are what it returns
    createTask: ({ startTask }) => startTask({ verb: 'copy', args: {}, pool: 'p' }),
    pointOfNoReturn: {
      part: 'beforeTask',
      // @ts-expect-error asking changes nothing
      hasPassed: (ctx) => (ctx.call('host1', 'finish', {}) === undefined ? 'passed' : 'notPassed'),
    },
  });
});
