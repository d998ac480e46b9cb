import { FAILURE_CASES } from '../failure-cases.js';
import { tell } from '../processes.js';
import { crash, crashOnLevelDb, findingOf, pointsOf, reference, type Finding, type Reference } from './campaign.js';

// One shard of the campaign: `worker SEED CASE-PART EVERY SHARD SHARDS`.

export type WorkerMessage =
  | { readonly type: 'case'; readonly name: string; readonly events: number; readonly portOperations: number }
  | { readonly type: 'ran'; readonly name: string; readonly inMemory: number; readonly crashed: number; readonly onLevelDb: number; readonly events: number }
  | { readonly type: 'found'; readonly finding: Finding };

/** So many runs in memory go with one on LevelDB. */
const LEVELDB_SHARE = 20;
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
  for (const [i, point] of pointsOf(unhurt).entries()) {
    const mine = i % Number(every) === 0 && (i / Number(every)) % Number(shards) === Number(shard);
    if (!mine) continue;
    const course = await crash(unhurt, point);
    const problems = [...course.problems];
    done.inMemory += 1;
    done.events += course.events;
    if (course.crashed) done.crashed += 1;
    // Counted by place, so that the choice does not depend on the number of shards.
    if ((i / Number(every)) % LEVELDB_SHARE === 0) {
      const onLevelDb = await crashOnLevelDb(unhurt, point);
      done.onLevelDb += 1;
      if (onLevelDb.traceHash !== course.traceHash) problems.push(`determinism: trace ${onLevelDb.traceHash} on LevelDB, ${course.traceHash} in memory`);
    }
    if (problems.length > 0) await send({ type: 'found', finding: findingOf(unhurt, point, problems) });
    if (done.inMemory === REPORT_EVERY) await report();
  }
  await report();
}

// The channel to the parent would keep this process.
process.disconnect();
