// Calls that are under way for longer than the engine waits for an answer, and in vain asked about or undone from elsewhere before they are over.
import { z } from 'zod';
import { defineCommand } from 'seatbelt';
import { defineScenario } from 'seatbelt/sim';

const params = z.strictObject({ name: z.string() });
const once = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };

const locks = ({ name }: { readonly name: string }) => [{ key: `lock/${name}`, mode: 'exclusive' as const }];
const task = (verb: string, thing: string) => ({ verb, args: { thing }, pool: 'pool1' });
const gone = (thing: string) => ({ ...task('unmake', thing), doneCodes: [9202] });

/** It fails with what it calls. The undo is the SPM's. */
const Grow = defineCommand({ type: 'Grow', params, locks })
  .step({
    name: 'grow',
    beforeTask: async ({ call, params: { name } }) => void (await call('host2', 'grow', { thing: name })),
    endWithFailure: ({ params: { name } }) => gone(name),
    compensate: ({ params: { name } }) => gone(name),
  })
  .build();

/** Whether what it calls is ever over is nothing that its steps wait for; at the end something fails, if a campaign says so. */
const Ignore = defineCommand({ type: 'Ignore', params, locks })
  .step({
    name: 'grow',
    beforeTask: async ({ call, params: { name } }) => void (await call('host2', 'grow', { thing: name }).catch(() => undefined)),
    compensate: ({ params: { name } }) => gone(name),
  })
  .step({ name: 'check', effectFree: true, createTask: ({ params: { name } }) => task('check', name) })
  .build();

/** Another host than the one that is called says whether the point of no return is behind. */
const Cross = defineCommand({ type: 'Cross', params, locks })
  .step({
    name: 'cross',
    retry: once,
    endSuccessfully: async ({ call, passed, params: { name } }) => void (passed || (await call('host2', 'grow', { thing: name }))),
    pointOfNoReturn: {
      part: 'endSuccessfully',
      hasPassed: async ({ read, params: { name } }) => ((await read('host1', 'isThere', { thing: name })) === true ? 'passed' : 'notPassed'),
    },
    compensate: () => undefined,
  })
  .build();

/** Its undo fails for good, with a call under way. */
const Hold = defineCommand({ type: 'Hold', params, locks })
  .step({
    name: 'hold',
    undoRetry: once,
    compensate: async ({ call, params: { name } }) => {
      await call('host2', 'grow', { thing: name }).catch(() => undefined);
      throw new Error('no');
    },
  })
  .step({ name: 'fail', effectFree: true, beforeTask: () => { throw new Error('no'); } })
  .build();

/** What it calls uses what its child has made. */
const Build = defineCommand({ type: 'Build', params, locks })
  .step({
    name: 'build',
    beforeTask: ({ startChild, params: { name } }) => void startChild({ type: 'Lay', params: { name: `${name}.base` } }),
    endSuccessfully: async ({ call, params: { name } }) => void (await call('host2', 'grow', { thing: name }).catch(() => undefined)),
    compensate: ({ params: { name } }) => gone(name),
  })
  .step({ name: 'check', effectFree: true, createTask: ({ params: { name } }) => task('check', name) })
  .build();

const Lay = defineCommand({ type: 'Lay', params })
  .step({
    name: 'lay',
    createTask: ({ params: { name } }) => task('make', name),
    endWithFailure: ({ params: { name } }) => gone(name),
    compensate: ({ params: { name } }) => gone(name),
  })
  .build();

export default defineScenario({
  description: 'Calls that are under way for longer than the engine waits for an answer.',
  engine: { callTimeout: '10s' },
  verbs: {
    grow: { kind: 'hsm', effect: 'thing/${args.thing}', latency: '1min' },
    make: { kind: 'spm', effect: 'thing/${args.thing}', latency: '2s' },
    unmake: { kind: 'spm', reverses: 'thing/${args.thing}', latency: '2s' },
    check: { kind: 'spm', args: ['thing'], effectFree: true, latency: '1s' },
    isThere: { kind: 'read', reads: 'thing/${args.thing}' },
  },
  definitions: [Grow, Ignore, Cross, Hold, Build, Lay],
  commands: [{ id: 'c', at: '1s', type: 'Grow', params: { name: 'x' } }],
});
