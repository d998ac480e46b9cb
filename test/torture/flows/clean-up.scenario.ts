// What only commands in code can do, for faults that a campaign adds: clean up before a further attempt, be told how an undo went, and cross the point of no
// return with a task.
import { z } from 'zod';
import { defineCommand, entityKind } from 'seatbelt';
import { defineScenario } from 'seatbelt/sim';

const params = z.strictObject({ name: z.string() });
const Job = entityKind<{ readonly tries: number; readonly told: readonly string[] }>('job');

const task = (verb: string, thing: string) => ({ verb, args: { thing }, pool: 'pool1' });
const gone = (verb: string, thing: string) => ({ ...task(verb, thing), doneCodes: [9202] });
const PARTS = ['one', 'two'];

/** Copies in two parts. Each attempt after the first has a place of its own to begin with, which is asked for and then swept; so there is something to undo of each. */
const Copy = defineCommand({ type: 'Copy', params, locks: ({ name }) => [{ key: `job/${name}`, mode: 'exclusive' }] })
  .step({
    name: 'reserve',
    beforeTask: ({ entities, params: { name } }) => entities.put(Job, name, { tries: 0, told: [] }),
    createTask: ({ params: { name } }) => task('make', name),
    endWithFailure: ({ failure, entities, params: { name } }) => {
      if (failure.beforeCommitted) entities.remove(Job, name);
      return gone('unmake', name);
    },
    compensate: ({ entities, params: { name } }) => {
      entities.remove(Job, name);
      return gone('unmake', name);
    },
  })
  .step({
    name: 'copy',
    timeoutMs: 70_000,
    retry: { attempts: 4, backoffMs: 2_000, retryIf: { except: { hostCodes: [41] } } },
    undoRetry: { attempts: 3, backoffMs: 1_000 },
    createTask: ({ params: { name } }) => PARTS.map((part) => task('copy', `${name}.${part}`)),
    beforeRetry: async ({ call, entities, failed: { args, attempt }, params: { name } }) => {
      await call('host2', 'open', { thing: `${String(args.thing)}.${attempt}` });
      entities.update(Job, name, (job) => ({ ...job, tries: job.tries + 1 }));
      return task('sweep', `${String(args.thing)}.${attempt}`);
    },
    // It fails where an attempt was made without what comes before it.
    endSuccessfully: async ({ call, work, params: { name } }) => {
      for (const [i, { earlier }] of work.entries()) for (const [n] of earlier.entries()) await call('host2', 'tidy', { thing: `${name}.${PARTS[i] ?? ''}.${n + 2}` });
    },
    endWithFailure: ({ params: { name } }) => undoCopies(name),
    compensate: ({ params: { name } }) => undoCopies(name),
    compensationEnded: async ({ call, entities, params: { name }, revert: { of, work, error } }) => {
      await call('host2', 'report', { thing: name });
      entities.update(Job, name, (job) => ({ ...job, told: [...job.told, `${of} ${work.length} ${error === null ? 'well' : error.code}`] }));
    },
  })
  .step({ name: 'check', effectFree: true, createTask: ({ params: { name } }) => task('check', name) })
  .build();

/** Nobody knows how far the attempts came, so all that any of them may have left is removed. */
function undoCopies(name: string) {
  const tries = PARTS.flatMap((part) => [2, 3, 4].map((attempt) => `${name}.${part}.${attempt}`));
  return [...PARTS.map((part) => gone('unmake', `${name}.${part}`)), ...tries.flatMap((thing) => [gone('close', thing), gone('unsweep', thing)])];
}

/** Loads and sends. What is sent cannot be called back: what is missing then is sent after it. */
const Ship = defineCommand({ type: 'Ship', params, locks: ({ name }) => [{ key: `job/${name}`, mode: 'exclusive' }] })
  .step({
    name: 'pack',
    createTask: ({ params: { name } }) => task('make', `${name}.box`),
    endWithFailure: ({ params: { name } }) => gone('unmake', `${name}.box`),
    compensate: ({ params: { name } }) => gone('unmake', `${name}.box`),
  })
  .step({
    name: 'ship',
    timeoutMs: 60_000,
    retry: { attempts: 2, backoffMs: 1_000 },
    createTask: ({ passed, work, params: { name } }) => {
      if (!passed) return [task('send', name), task('make', `${name}.bill`)];
      return work.some(({ name: verb, outcome }) => verb === 'make' && outcome.kind !== 'succeeded') ? task('make', `${name}.bill`) : undefined;
    },
    pointOfNoReturn: { part: 'task', hasPassed: async ({ read, params: { name } }) => ((await read('host2', 'isSent', { thing: name })) === true ? 'passed' : 'notPassed') },
    endWithFailure: ({ params: { name } }) => gone('unmake', `${name}.bill`),
  })
  .step({ name: 'file', createTask: ({ params: { name } }) => task('make', `${name}.file`) })
  .build();

/** Parked by a callback that does not repeat itself: after its failure, it makes another call than before. */
const Forget = defineCommand({ type: 'Forget', params })
  .step({
    name: 'begin',
    createTask: ({ params: { name } }) => task('make', name),
    endWithFailure: ({ params: { name } }) => gone('unmake', name),
    compensate: ({ params: { name } }) => gone('unmake', name),
  })
  .step({
    name: 'forget',
    retry: { attempts: 2, backoffMs: 1_000 },
    endSuccessfully: async ({ call, attempt, params: { name } }) => {
      await call('host2', 'open', { thing: attempt === 1 ? name : `${name}.other` });
      if (attempt === 1) throw new Error('once more');
    },
  })
  .build();

export default defineScenario({
  description: 'Clean-up before retries, what a handler is told of its undo, and a task behind which there is no way back.',
  verbs: {
    make: { kind: 'spm', effect: 'thing/${args.thing}', latency: '2s' },
    copy: { kind: 'spm', effect: 'thing/${args.thing}', latency: { min: '2s', max: '8s' } },
    unmake: { kind: 'spm', reverses: 'thing/${args.thing}', latency: '1s' },
    open: { kind: 'hsm', effect: 'open/${args.thing}' },
    close: { kind: 'spm', reverses: 'open/${args.thing}', latency: '1s' },
    sweep: { kind: 'spm', effect: 'swept/${args.thing}', latency: '2s' },
    tidy: { kind: 'hsm', reverses: ['open/${args.thing}', 'swept/${args.thing}'] },
    unsweep: { kind: 'spm', reverses: 'swept/${args.thing}', latency: '1s' },
    report: { kind: 'hsm', args: ['thing'], effectFree: true },
    check: { kind: 'spm', args: ['thing'], effectFree: true, latency: '1s' },
    send: { kind: 'spm', effect: 'sent/${args.thing}', latency: '4s' },
    isSent: { kind: 'read', reads: 'sent/${args.thing}' },
  },
  definitions: [Copy, Ship, Forget],
  commands: [{ id: 'c', at: '1s', type: 'Copy', params: { name: 'x' } }],
});
