import { dispatch as nactDispatch, spawn, start, stop, type Ref as NactRef } from 'nact';
import { dispatch, type Ref } from '../../actors/runtime.js';
import { Kernel } from '../../sim/kernel/kernel.js';
import { SimNode } from '../../sim/kernel/node.js';
import { fifo } from '../../sim/kernel/strategies/fifo.js';
import { median } from './median.js';

const ACTORS = 64;
/** Messages that go round at the same time: one for each actor, which suits plain nact best. */
const TOKENS = 64;

/** A message that goes round the ring until it has been handed on often enough. */
interface Token {
  readonly hops: number;
}

export interface RingResult {
  readonly actors: number;
  readonly deliveries: number;
  /** Medians of deliveries per second. */
  readonly captured: number;
  readonly plain: number;
  /** Of the pairs of runs, the median of captured / plain. */
  readonly ratio: number;
}

/**
 * Deliveries per second round a ring of 64 actors: captured nact under the kernel, trace hash on, beside plain nact on the event loop of the process. The
 * two take turns, so that a noisy machine troubles both alike.
 */
export async function benchRing({ deliveries = 400_000, pairs = 5 }: { readonly deliveries?: number; readonly pairs?: number } = {}): Promise<RingResult> {
  await capturedRing(deliveries);
  await plainRing(deliveries);
  const captured: number[] = [];
  const plain: number[] = [];
  for (let i = 0; i < pairs; i += 1) {
    captured.push(await capturedRing(deliveries));
    plain.push(await plainRing(deliveries));
  }
  return {
    actors: ACTORS,
    deliveries,
    captured: Math.round(median(captured)),
    plain: Math.round(median(plain)),
    ratio: median(captured.map((rate, i) => rate / (plain[i] ?? NaN))),
  };
}

async function capturedRing(deliveries: number): Promise<number> {
  const kernel = new Kernel({ seed: 1, strategy: fifo });
  const nowhere = { attach: () => undefined, send: () => undefined };
  const owner = { probe: () => undefined, fault: (_node: SimNode, error: unknown) => Promise.reject(error as Error), down: () => undefined };
  const { actors } = new SimNode(kernel, nowhere, 'ring', owner).start();
  const ring: Ref<Token>[] = [];
  for (let i = 0; i < ACTORS; i += 1) {
    const behaviour = ({ hops }: Token): void => {
      const next = ring[(i + 1) % ACTORS];
      if (hops > 1 && next !== undefined) dispatch(next, { hops: hops - 1 });
    };
    ring.push(actors.spawn({ name: `actor${i}`, behaviour }));
  }
  const began = performance.now();
  for (const ref of starters(ring)) dispatch(ref, { hops: deliveries / TOKENS });
  await kernel.runUntilIdle();
  const seconds = (performance.now() - began) / 1000;
  if (kernel.executed !== deliveries) throw new Error(`${kernel.executed} deliveries instead of ${deliveries}`);
  kernel.dispose();
  return deliveries / seconds;
}

async function plainRing(deliveries: number): Promise<number> {
  const system = start();
  let left = TOKENS;
  let over = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    over = resolve;
  });
  const ring: NactRef<Token>[] = [];
  for (let i = 0; i < ACTORS; i += 1) {
    const behaviour = (_state: unknown, { hops }: Token): void => {
      const next = ring[(i + 1) % ACTORS];
      if (hops > 1 && next !== undefined) nactDispatch(next, { hops: hops - 1 });
      else if ((left -= 1) === 0) over();
    };
    ring.push(spawn(system, behaviour, `actor${i}`));
  }
  const began = performance.now();
  for (const ref of starters(ring)) nactDispatch(ref, { hops: deliveries / TOKENS });
  await finished;
  const seconds = (performance.now() - began) / 1000;
  stop(system);
  return deliveries / seconds;
}

function starters<T>(ring: readonly T[]): readonly T[] {
  return ring.filter((_, i) => i % (ACTORS / TOKENS) === 0);
}

