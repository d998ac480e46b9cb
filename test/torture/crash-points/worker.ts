import { FAILURE_CASES } from '../failure-cases.js';
import { tell } from '../processes.js';
import { findingOf, reference, sweep, type Finding, type Reference } from './campaign.js';

// One shard of the campaign: `worker SEED CASE-PART EVERY SHARD SHARDS`.

export type WorkerMessage =
  | { readonly type: 'case'; readonly name: string; readonly events: number; readonly portOperations: number }
  | ({ readonly type: 'ran'; readonly name: string } & Record<'inMemory' | 'crashed' | 'onLevelDb' | 'events', number>)
  | { readonly type: 'found'; readonly finding: Finding };

const REPORT_EVERY = 25;

const [seed = '1', part = '', every = '1', shard = '0', shards = '1'] = process.argv.slice(2);
const send = (message: WorkerMessage): Promise<void> => tell(message);

for (const failureCase of FAILURE_CASES.filter(({ name }) => name.includes(part))) {
  const unhurt = await reference(failureCase, Number(seed));
  const { events, portOperations, problems } = unhurt.course;
  if (shard === '0') {
    await send({ type: 'case', name: failureCase.name, events, portOperations });
    if (problems.length > 0) await send({ type: 'found', finding: findingOf(unhurt, null, problems) });
  }
  await crashEverywhere(unhurt);
}

async function crashEverywhere(unhurt: Reference): Promise<void> {
  const { name } = unhurt.of;
  const done = { inMemory: 0, crashed: 0, onLevelDb: 0, events: 0 };
  const report = async (): Promise<void> => {
    await send({ type: 'ran', name, ...done });
    Object.assign(done, { inMemory: 0, crashed: 0, onLevelDb: 0, events: 0 });
  };
  for await (const { course, onLevelDb, finding } of sweep(unhurt, Number(every), (n) => n % Number(shards) === Number(shard))) {
    done.inMemory += 1;
    done.events += course.events;
    if (course.crashed) done.crashed += 1;
    if (onLevelDb) done.onLevelDb += 1;
    if (finding !== null) await send({ type: 'found', finding });
    if (done.inMemory === REPORT_EVERY) await report();
  }
  await report();
}

// The channel to the parent would keep this process.
process.disconnect();
