import { BusyEngine, SECOND } from './in-flight/busy-engine.js';
import { collectGarbage, cpuMicros } from './in-flight/gauges.js';
import { idleNact } from './in-flight/idle-nact.js';
import { median } from './median.js';

const FEW = 10;
const MANY = 10_000;
/** How long a command lives, on average: three tasks of 20 to 40 s, each noticed at the next poll. Submitted evenly over it, they end evenly too. */
const LIFETIME = 105 * SECOND;
/** Commands that end in a measured window, at least. */
const WINDOW = 1_500;

/** Medians over rounds; costs are µs of processor time, collection of garbage included. */
export interface Load {
  readonly commands: number;
  /** Per message that a command's actor handles, all that happens meanwhile in engine, network and hosts included. */
  readonly perMessage: number;
  /** Plain nact per message, beside as many idle actors. */
  readonly plain: number;
  /** `perMessage` less `plain`. */
  readonly above: number;
  readonly perCommand: number;
  /** The same, per delivery to any actor of the engine. */
  readonly perDelivery: number;
  readonly messagesPerCommand: number;
  /** To all actors of the engine, the journal and the pools too. Group commit and bulk polls make them fewer the more there is to do. */
  readonly deliveriesPerCommand: number;
}

export interface InFlightResult {
  readonly few: Load;
  readonly many: Load;
  /** Median over rounds of `many.above` to `few.above`. */
  readonly ratio: number;
  /** Per command in flight. */
  readonly bytes: { readonly engine: number; readonly all: number };
}

/**
 * What a message costs with 10 and with 10,000 commands in flight over 20 pools. A message is one that a command's own actor handles: a command has the same
 * number of them in both. Whatever else is done for it (group commits, bulk polls, whose replies list 500 tasks of a pool instead of one) counts as cost of
 * these messages and not as further ones, so that nothing can thin out the average. Tasks last equally long, so each is listed in as many polls in both.
 */
export async function benchInFlight({ rounds = 3 }: { readonly rounds?: number } = {}): Promise<InFlightResult> {
  const few: Load[] = [];
  const many: Load[] = [];
  await measure(FEW);
  for (let i = 0; i < rounds; i += 1) {
    few.push(await measure(FEW));
    many.push(await measure(MANY));
  }
  return { few: middle(few), many: middle(many), ratio: median(many.map(({ above }, i) => above / (few[i]?.above ?? NaN))), bytes: await memory() };
}

async function measure(commands: number): Promise<Load> {
  const plain = await idleNact(commands);
  const engine = await BusyEngine.create(commands);
  await engine.advance(SECOND);
  engine.submit(commands, LIFETIME);
  await engine.advance(LIFETIME + 30 * SECOND);
  const { ended, messages, deliveries } = engine;
  const began = cpuMicros();
  while (engine.ended - ended < WINDOW) await engine.advance(5 * SECOND);
  const cost = cpuMicros() - began;
  const over = engine.ended - ended;
  const perMessage = cost / (engine.messages - messages);
  await engine.dispose();
  return {
    commands,
    perMessage,
    plain,
    above: perMessage - plain,
    perCommand: cost / over,
    perDelivery: cost / (engine.deliveries - deliveries),
    messagesPerCommand: (engine.messages - messages) / over,
    deliveriesPerCommand: (engine.deliveries - deliveries) / over,
  };
}

/** Of the heap, what there is more of once all are in flight; and how much of that goes when the engine dies. */
async function memory(): Promise<InFlightResult['bytes']> {
  const engine = await BusyEngine.create(MANY);
  await engine.advance(SECOND);
  const before = collectGarbage();
  // All are at their first task, and none has ended.
  engine.submit(MANY, 10 * SECOND);
  await engine.advance(15 * SECOND);
  const inFlight = collectGarbage();
  engine.crash();
  await engine.advance(SECOND);
  const after = collectGarbage();
  await engine.dispose();
  return { engine: Math.round((inFlight - after) / MANY), all: Math.round((inFlight - before) / MANY) };
}

function middle(loads: readonly Load[]): Load {
  const of = (field: keyof Load): number => median(loads.map((load) => load[field]));
  return {
    commands: of('commands'),
    perMessage: of('perMessage'),
    plain: of('plain'),
    above: of('above'),
    perCommand: of('perCommand'),
    perDelivery: of('perDelivery'),
    messagesPerCommand: of('messagesPerCommand'),
    deliveriesPerCommand: of('deliveriesPerCommand'),
  };
}
