import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EventSpec } from '../../../sim/kernel/event.js';
import { Kernel } from '../../../sim/kernel/kernel.js';
import { fifo } from '../../../sim/kernel/strategies/fifo.js';
import { random } from '../../../sim/kernel/strategies/random.js';
import { ALL_REQUESTS, createWorld, type World, type WorldOptions } from './world.js';

function control(label: string, run: () => void | Promise<void>, more: Partial<EventSpec> = {}): EventSpec {
  return { kind: 'control', node: '', incarnation: 0, label, content: null, background: false, run, ...more };
}

interface Outcome {
  readonly hash: string;
  readonly events: number;
  readonly now: number;
  readonly stored: readonly string[];
}

async function outcomeOf(options: WorldOptions, drive: (world: World) => Promise<void> = (world) => world.kernel.runUntilIdle()): Promise<Outcome> {
  const world = createWorld(options);
  await drive(world);
  expect(world.faults).toEqual([]);
  expect(world.acknowledged.size).toBe(ALL_REQUESTS);
  const { traceHash: hash, executed: events, now } = world.kernel;
  const stored = await world.stored();
  await world.close();
  return { hash, events, now, stored };
}

/** Steps of the given sizes, again and again, until nothing is left. */
const inSteps =
  (sizes: readonly number[]) =>
  async ({ kernel }: World): Promise<void> => {
    for (let i = 0; ; i += 1) {
      const size = sizes[i % sizes.length] ?? 1;
      if ((await kernel.step(size)) < size) return;
    }
  };

describe('a run', () => {
  it('is a function of its seed', async () => {
    const hashes = new Set<string>();
    for (let seed = 0; seed < 10; seed += 1) {
      const first = await outcomeOf({ seed });
      expect(await outcomeOf({ seed })).toEqual(first);
      hashes.add(first.hash);
    }
    expect(hashes.size).toBe(10);
  });

  it('is the same by the same strategy and another by another', async () => {
    const first = await outcomeOf({ seed: 1, strategy: fifo });
    expect(await outcomeOf({ seed: 1, strategy: fifo })).toEqual(first);
    expect((await outcomeOf({ seed: 1, strategy: random })).hash).not.toBe(first.hash);
  });

  it('takes the same course however it is driven', async () => {
    const crashes = [{ at: 'time', us: 25_000 }] as const;
    const whole = await outcomeOf({ seed: 5, crashes });
    expect(await outcomeOf({ seed: 5, crashes }, inSteps([1]))).toEqual(whole);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }), async (sizes) => {
        expect(await outcomeOf({ seed: 5, crashes }, inSteps(sizes))).toEqual(whole);
      }),
      { numRuns: 10 },
    );
    const sliced = await outcomeOf({ seed: 5, crashes }, async ({ kernel }) => {
      for (let t = 3_000; t < whole.now; t += 7_001) await kernel.runUntil(t, { inclusive: t % 2 === 0 });
      await kernel.runUntilIdle();
    });
    expect(sliced).toEqual(whole);
  });

  it('does not notice another that runs at the same time', async () => {
    const alone = [await outcomeOf({ seed: 1 }), await outcomeOf({ seed: 2 })];
    const together = await Promise.all([outcomeOf({ seed: 1 }), outcomeOf({ seed: 2 }, inSteps([1, 5]))]);
    expect(together).toEqual(alone);
  });

  it('does not notice fake timers', async () => {
    const expected = await outcomeOf({ seed: 3 });
    vi.useFakeTimers({ toFake: ['setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout', 'Date', 'performance'] });
    try {
      expect(await outcomeOf({ seed: 3 })).toEqual(expected);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends when only background events are left, and these run with time', async () => {
    const kernel = new Kernel({ seed: 1, strategy: fifo });
    const ticks: number[] = [];
    const tick = (): void => {
      ticks.push(kernel.now);
      kernel.schedule(kernel.now + 10, control('tick', tick, { background: true }));
    };
    tick();
    kernel.schedule(25, control('work', () => undefined));
    await kernel.runUntilIdle();
    expect([kernel.now, ...ticks]).toEqual([25, 0, 10, 20]);
    expect(await kernel.step(5)).toBe(0);
    await kernel.runUntil(50, { inclusive: false });
    expect([kernel.now, ...ticks]).toEqual([50, 0, 10, 20, 30, 40]);
    await kernel.runUntil(50);
    expect([kernel.now, ...ticks]).toEqual([50, 0, 10, 20, 30, 40, 50]);
    await kernel.runUntil(1_000);
    expect(kernel.now).toBe(1_000);
  });

  it('lets the process look at its timers now and then', async () => {
    const kernel = new Kernel({ seed: 1, strategy: fifo });
    let over = false;
    const next = (): void => {
      if (!over) kernel.schedule(kernel.now + 1, control('next', next));
    };
    kernel.schedule(0, control('next', next));
    setTimeout(() => (over = true), 5);
    await kernel.runUntilIdle();
    expect(kernel.executed).toBeGreaterThan(1);
  });
});

describe('a turn', () => {
  it('is over when all its microtasks and its real I/O are', async () => {
    const kernel = new Kernel({ seed: 1, strategy: fifo });
    const seen: string[] = [];
    const rounds = async (name: string, n: number): Promise<void> => {
      for (let i = 0; i < n; i += 1) await Promise.resolve();
      seen.push(name);
    };
    kernel.schedule(0, control('floating', () => void rounds('floating', 500)));
    kernel.schedule(0, control('awaited', () => new Promise((resolve) => setTimeout(() => resolve(rounds('awaited', 50)), 3))));
    kernel.schedule(0, control('last', () => void seen.push('last')));
    await kernel.runUntilIdle();
    expect(seen).toEqual(['floating', 'awaited', 'last']);
  });

  it('waits for an open callback, however long its real work takes, and the run stays the same', async () => {
    const run = async (delayMs: number): Promise<{ seen: string[]; hash: string }> => {
      const kernel = new Kernel({ seed: 1, strategy: fifo });
      const seen: string[] = [];
      const callback = async (): Promise<void> => {
        const ends = kernel.callbackBegins('engine');
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        seen.push('callback');
        kernel.schedule(kernel.now + 1, control('after', () => void seen.push('after')));
        ends();
        ends();
      };
      kernel.schedule(0, control('callback', () => void callback()));
      kernel.schedule(2, control('other', () => void seen.push('other')));
      await kernel.runUntilIdle();
      return { seen, hash: kernel.traceHash };
    };
    const [quick, slow] = [await run(0), await run(15)];
    expect(quick.seen).toEqual(['callback', 'after', 'other']);
    expect(slow).toEqual(quick);
  });

  it('that is blocked fails the run with its place, and the run can go on once it is not', async () => {
    const kernel = new Kernel({ seed: 1, strategy: fifo, turnLimitMs: 20 });
    let ends = (): void => undefined;
    kernel.schedule(0, control('callback', () => void (ends = kernel.callbackBegins('engine'))));
    kernel.schedule(1, control('other', () => undefined));
    await expect(kernel.runUntilIdle()).rejects.toMatchObject({ code: 'TURN_BLOCKED', message: expect.stringContaining('engine') as string });
    ends();
    await kernel.runUntilIdle();
    expect(kernel.executed).toBe(2);
  });

  it('in an event that waits for a later one fails the run', async () => {
    const kernel = new Kernel({ seed: 1, strategy: fifo, turnLimitMs: 20 });
    let release = (): void => undefined;
    kernel.schedule(0, control('wait for the other', () => new Promise<void>((resolve) => (release = resolve))));
    kernel.schedule(1, control('other', () => release()));
    const blocked = { code: 'TURN_BLOCKED', message: expect.stringContaining('wait for the other') as string };
    await expect(kernel.runUntilIdle()).rejects.toMatchObject(blocked);
  });
});

describe('refusals', () => {
  let kernel = new Kernel({ seed: 1, strategy: fifo });
  afterEach(() => {
    kernel = new Kernel({ seed: 1, strategy: fifo });
  });
  const code = (name: string): unknown => expect.objectContaining({ code: name });

  it('of a time that is over or none', async () => {
    await kernel.runUntil(10);
    await expect(kernel.runUntil(9)).rejects.toThrow(code('SCHEDULE_IN_PAST') as Error);
    await expect(kernel.runUntil(10.5)).rejects.toThrow(code('BAD_TIME') as Error);
    expect(() => kernel.schedule(9, control('late', () => undefined))).toThrow(code('SCHEDULE_IN_PAST') as Error);
    expect([kernel.now, kernel.pending]).toEqual([10, 0]);
  });

  it('of a second drive at the same time', async () => {
    kernel.schedule(0, control('work', () => undefined));
    const running = kernel.runUntilIdle();
    await expect(kernel.step()).rejects.toThrow(code('ALREADY_RUNNING') as Error);
    await running;
    expect(kernel.executed).toBe(1);
  });

  it('of everything after the end, a run under way included', async () => {
    kernel.schedule(0, control('end', () => kernel.dispose()));
    kernel.schedule(1, control('never', () => undefined));
    await expect(kernel.runUntilIdle()).rejects.toThrow(code('SIMULATION_DISPOSED') as Error);
    await expect(kernel.runUntilIdle()).rejects.toThrow(code('SIMULATION_DISPOSED') as Error);
    expect(() => kernel.schedule(5, control('late', () => undefined))).toThrow(code('SIMULATION_DISPOSED') as Error);
    expect(kernel.executed).toBe(1);
    kernel.dispose();
  });

  it('an event that throws or rejects ends the run with its error', async () => {
    kernel.schedule(0, control('throw', () => {
      throw new Error('thrown');
    }));
    kernel.schedule(1, control('reject', () => Promise.reject(new Error('rejected'))));
    await expect(kernel.runUntilIdle()).rejects.toThrow('thrown');
    await expect(kernel.runUntilIdle()).rejects.toThrow('rejected');
  });
});

describe('an interruption', () => {
  it('comes just before its event, once, and what it cancels does not run', async () => {
    const kernel = new Kernel({ seed: 1, strategy: fifo });
    const seen: string[] = [];
    const say = (text: string) => () => void seen.push(text);
    kernel.schedule(0, control('one', say('one')));
    const second = kernel.schedule(0, control('two', say('two')));
    kernel.schedule(0, control('three', say('three')));
    kernel.beforeEvent(2, () => {
      seen.push('interruption');
      kernel.cancel(second);
    });
    kernel.beforeEvent(9, say('never'));
    await kernel.step(1);
    expect(seen).toEqual(['one']);
    await kernel.runUntilIdle();
    expect(seen).toEqual(['one', 'interruption', 'three']);
    expect(() => kernel.beforeEvent(2, say('late'))).toThrow(expect.objectContaining({ code: 'SCHEDULE_IN_PAST' }));
    expect(() => kernel.beforeEvent(2.5, say('odd'))).toThrow(expect.objectContaining({ code: 'BAD_TIME' }));
  });
});

it('two runs that differ in what an event is about have different hashes', async () => {
  const hashOf = async (what: Partial<EventSpec>, at = 0): Promise<string> => {
    const kernel = new Kernel({ seed: 1, strategy: fifo });
    kernel.schedule(at, control('a', () => undefined, what));
    await kernel.runUntilIdle();
    return kernel.traceHash;
  };
  const plain = await hashOf({});
  expect(await hashOf({})).toBe(plain);
  for (const what of [{ content: { n: 1 } }, { label: 'b' }, { node: 'n' }, { kind: 'disk' as const }]) expect(await hashOf(what)).not.toBe(plain);
  expect(await hashOf({}, 1)).not.toBe(plain);
});

it('an observer is told each event before it runs', async () => {
  const kernel = new Kernel({ seed: 1, strategy: fifo });
  const seen: string[] = [];
  kernel.observe((event) => seen.push(`told ${event.seq} ${event.time} ${event.spec.label}`));
  kernel.schedule(3, control('work', () => void seen.push('ran')));
  await kernel.runUntilIdle();
  expect(seen).toEqual(['told 1 3 work', 'ran']);
});

it('an untraced run takes the same course, and has the hash of one in which nothing has happened', async () => {
  const run = async (traced: boolean): Promise<readonly [readonly number[], string]> => {
    const kernel = new Kernel({ seed: 1, strategy: random, traced });
    const seen: number[] = [];
    for (const n of [1, 2, 3, 4, 5, 6]) kernel.schedule(0, control('a', () => void seen.push(n)));
    await kernel.runUntilIdle();
    return [seen, kernel.traceHash];
  };
  const [[course, hash], [untraced, none]] = [await run(true), await run(false)];
  expect(untraced).toEqual(course);
  expect(none).toBe(new Kernel({ seed: 1, strategy: random }).traceHash);
  expect(hash).not.toBe(none);
});
