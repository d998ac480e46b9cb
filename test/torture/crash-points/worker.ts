import { FAILURE_CASES } from '../failure-cases.js';
import { tell } from '../processes.js';
import { BLOWS, type Blow } from './blow.js';
import { findingOf, reference, sweep, type Finding, type Reference } from './campaign.js';

// One shard of the campaign: `worker SEED CASE-PART BLOW,… EVERY FROM SHARD SHARDS`.

/** Runs of a case with a blow, since the last report. */
export type Ran = Readonly<Record<'inMemory' | 'struck' | 'otherwise' | 'onLevelDb' | 'events', number>>;

export type WorkerMessage =
  | { readonly type: 'case'; readonly name: string; readonly events: number; readonly portOperations: number }
  | ({ readonly type: 'ran'; readonly name: string; readonly blow: Blow } & Ran)
  | { readonly type: 'found'; readonly finding: Finding };

const REPORT_EVERY = 25;
const NONE: Ran = { inMemory: 0, struck: 0, otherwise: 0, onLevelDb: 0, events: 0 };

const [seed = '1', part = '', blows = '', every = '1', from = '0', shard = '0', shards = '1'] = process.argv.slice(2);
const send = (message: WorkerMessage): Promise<void> => tell(message);
const wanted = blows.split(',');

for (const failureCase of FAILURE_CASES.filter(({ name }) => name.includes(part))) {
  const unhurt = await reference(failureCase, Number(seed));
  const { events, portOperations, problems } = unhurt.course;
  if (shard === '0') {
    await send({ type: 'case', name: failureCase.name, events, portOperations });
    if (problems.length > 0) await send({ type: 'found', finding: findingOf(unhurt, null, problems) });
  }
  for (const blow of BLOWS) if (wanted.includes(blow)) await strikeEverywhere(unhurt, blow);
}

async function strikeEverywhere(unhurt: Reference, blow: Blow): Promise<void> {
  const { name } = unhurt.of;
  let ran = NONE;
  const report = async (): Promise<void> => {
    await send({ type: 'ran', name, blow, ...ran });
    ran = NONE;
  };
  const mine = (n: number): boolean => n % Number(shards) === Number(shard);
  for await (const { course, onLevelDb, finding } of sweep(unhurt, { blow, every: Number(every), from: Number(from), mine })) {
    ran = {
      inMemory: ran.inMemory + 1,
      struck: ran.struck + Number(course.struck),
      otherwise: ran.otherwise + Number(!course.unchanged),
      onLevelDb: ran.onLevelDb + Number(onLevelDb),
      events: ran.events + course.events,
    };
    if (finding !== null) await send({ type: 'found', finding });
    if (ran.inMemory === REPORT_EVERY) await report();
  }
  await report();
}

// The channel to the parent would keep this process.
process.disconnect();
