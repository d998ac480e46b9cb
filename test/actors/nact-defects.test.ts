import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createActorRuntime, dispatch, realBindings, type ActorSystem, type Ref } from '../../actors/runtime.js';
import * as runtimeModule from '../../actors/runtime.js';
import { Kernel } from '../../sim/kernel/kernel.js';
import { SimNode } from '../../sim/kernel/node.js';
import { fifo } from '../../sim/kernel/strategies/fifo.js';

/*
 * What nact 7.6.2 gets wrong. Each defect is shown on nact as it is, so that an upgrade that mends it is noticed, and beside it that our runtime is
 * not exposed.
 */

type NactRef = { readonly system: { readonly name: string } };
type NactContext = { readonly self: NactRef; readonly sender: NactRef; readonly [action: string]: unknown };
type NactFunction = (state: unknown, message: unknown, context: NactContext) => unknown;
interface PlainNact {
  start(options?: { readonly name: string }): NactRef;
  spawn(parent: NactRef, f: NactFunction, name?: string, properties?: object): NactRef;
  spawnStateless(parent: NactRef, f: (message: unknown, context: NactContext) => unknown, name?: string, properties?: object): NactRef;
  dispatch(actor: NactRef, message: unknown, sender?: NactRef): void;
  query(actor: NactRef, message: unknown, timeoutMs: number): Promise<unknown>;
  stop(actor: NactRef): void;
}
const nact = createRequire(import.meta.url)('nact') as PlainNact;

const silent = (): void => undefined;
const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function macrotasks(n: number): Promise<void> {
  for (let i = 0; i < n; i += 1) await macrotask();
}

function startOurs(onFault: (error: unknown) => void = silent, log: (text: string) => void = silent): ActorSystem {
  return createActorRuntime(realBindings(log)).startSystem('test', onFault);
}

/** Runs a program on nact as it is in a process of its own, and returns what it printed and how it ended. */
function inProcess(program: string): { readonly printed: string; readonly status: number | null } {
  const source = `const { start, spawn, dispatch, stop } = require(${JSON.stringify(createRequire(import.meta.url).resolve('nact'))}); ${program}`;
  const { stdout, status } = spawnSync(process.execPath, ['-e', source], { encoding: 'utf8' });
  return { printed: stdout.trim(), status };
}

afterEach(() => vi.restoreAllMocks());

describe('the children of an actor are copied for each of its messages', () => {
  const CHILDREN = 3000;
  const MESSAGES = 60;

  async function fastest(measure: () => Promise<void>): Promise<number> {
    let best = Infinity;
    for (let i = 0; i < 3; i += 1) {
      const began = performance.now();
      await measure();
      best = Math.min(best, performance.now() - began);
    }
    return best;
  }

  function plainActor(children: number): () => Promise<void> {
    let left = 0;
    let over = silent;
    const system = nact.start();
    const hot = nact.spawn(system, () => void ((left -= 1) === 0 && over()), 'hot');
    for (let i = 0; i < children; i += 1) nact.spawn(hot, silent, `child${i}`);
    return () =>
      new Promise((resolve) => {
        left = MESSAGES;
        over = resolve;
        for (let i = 0; i < MESSAGES; i += 1) nact.dispatch(hot, i);
      });
  }

  it('by nact: an actor with many children is slow', async () => {
    expect(await fastest(plainActor(CHILDREN))).toBeGreaterThan(4 * (await fastest(plainActor(0))));
  });

  it('here: children hang off a shelf that gets no messages, and a hot actor is as fast as without', async () => {
    const ourActor = (children: number): (() => Promise<void>) => {
      const system = startOurs();
      let left = 0;
      let over = silent;
      const hot = system.spawn<number>({ name: 'hot', behaviour: () => void ((left -= 1) === 0 && over()) });
      const shelf = system.spawn<never>({ name: 'shelf', behaviour: silent });
      for (let i = 0; i < children; i += 1) system.spawn<never>({ name: `child${i}`, parent: shelf, behaviour: silent });
      return () =>
        new Promise((resolve) => {
          left = MESSAGES;
          over = resolve;
          for (let i = 0; i < MESSAGES; i += 1) dispatch(hot, i);
        });
    };
    const slow = await fastest(plainActor(CHILDREN));
    expect(await fastest(ourActor(CHILDREN))).toBeLessThan(slow / 2);
  });
});

describe('queries', () => {
  it('by nact: reply ids are random, so a reply can go to the wrong caller', async () => {
    const system = nact.start();
    const echo = nact.spawn(system, (_state, message, { sender }) => nact.dispatch(sender, message), 'echo');
    vi.spyOn(Math, 'random').mockReturnValue(0.25);
    const answers = Promise.allSettled([nact.query(echo, 'one', 20), nact.query(echo, 'two', 20)]);
    vi.restoreAllMocks();
    expect((await answers).map((answer) => (answer.status === 'fulfilled' ? answer.value : 'none'))).not.toEqual(['one', 'two']);
    nact.stop(system);
  });

  it('by nact: a time-out of 2^31 ms is over at once', async () => {
    const system = nact.start();
    const mute = nact.spawn(system, silent, 'mute');
    await expect(nact.query(mute, 'anybody?', 2 ** 31)).rejects.toThrow('Query Timeout');
    nact.stop(system);
  });

  it('here: there are none; requests carry ids of their own, and all of many get their own answer', async () => {
    expect(Object.keys(runtimeModule)).not.toContain('query');
    vi.spyOn(Math, 'random').mockReturnValue(0.25);
    const system = startOurs();
    const answers = new Map<number, number>();
    type Request = { readonly id: number; readonly replyTo: Ref<number> };
    const echo = system.spawn<Request>({ name: 'echo', behaviour: ({ id, replyTo }) => dispatch(replyTo, id) });
    const asker = system.spawn<number>({ name: 'asker', behaviour: (id) => void answers.set(id, (answers.get(id) ?? 0) + 1) });
    for (let id = 0; id < 1000; id += 1) dispatch(echo, { id, replyTo: asker });
    await system.stop(echo);
    await system.stop(asker);
    expect([...answers.values()]).toEqual(Array.from({ length: 1000 }, () => 1));
  });

  it('here: a timer of more than 2^31 ms takes as long as it should', async () => {
    const kernel = new Kernel({ seed: 1, strategy: fifo });
    const life = new SimNode(kernel, { attach: silent, send: silent }, 'n', { probe: silent, fault: silent, down: silent }).start();
    let woken = -1;
    life.ports.after(2 ** 32 * 1000, () => {
      woken = kernel.now;
    });
    await kernel.runUntilIdle();
    expect(woken).toBe(2 ** 32 * 1000);
    kernel.dispose();
  });
});

describe('names', () => {
  it('by nact: actors without a name get a random one, and can collide', () => {
    const system = nact.start();
    vi.spyOn(Math, 'random').mockReturnValue(0.25);
    nact.spawn(system, silent);
    expect(() => nact.spawn(system, silent)).toThrow('already exists');
  });

  it('by nact: `:`, `/`, `%` and blanks are refused', () => {
    const system = nact.start();
    for (const name of ['a:b', 'a/b', 'a%b', 'a b']) expect(() => nact.spawn(system, silent, name)).toThrow('Invalid argument');
  });

  it('here: each actor has a name of its own, of any characters, and can be reached', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.25);
    const system = startOurs();
    const seen: string[] = [];
    const names = ['a:b', 'a/b', 'a%b', 'a b', 'a', 'ä', ''];
    const refs = names.map((name) => system.spawn<string>({ name, behaviour: (message) => void seen.push(message) }));
    refs.forEach((ref, i) => dispatch(ref, names[i] ?? '?'));
    await system.stopAll();
    expect(seen.sort()).toEqual([...names].sort());
  });
});

describe('crashes of an actor', () => {
  it('by nact: an onCrash that throws leaves the actor stuck', () => {
    const program = `
      process.on('unhandledRejection', (e) => console.log('unhandled', e.message));
      const f = (_, m) => { if (m === 1) throw new Error('one'); console.log('handled', m); };
      const a = spawn(start(), f, 'a', { onCrash: () => { throw new Error('two'); } });
      dispatch(a, 1); dispatch(a, 2); dispatch(a, 3);`;
    expect(inProcess(program).printed).toBe('unhandled two');
  });

  it('by nact: throwing after stop() and escalating kills the process', () => {
    const program = `
      const a = spawn(start(), (_, m, ctx) => { stop(ctx.self); throw new Error('late'); }, 'a', { onCrash: (m, e, ctx) => ctx.escalate });
      dispatch(a, 1); setTimeout(() => console.log('still here'), 100);`;
    const { printed, status } = inProcess(program);
    expect(printed).not.toContain('still here');
    expect(status).not.toBe(0);
  });

  it('by nact: spawnStateless takes no notice of onCrash', async () => {
    const onCrash = vi.fn((_message: unknown, _error: unknown, context: NactContext) => context['resume']);
    const system = nact.start();
    const ref = nact.spawnStateless(
      system,
      () => {
        throw new Error('unheard');
      },
      'a',
      { onCrash },
    );
    nact.dispatch(ref, 1);
    await macrotasks(3);
    expect(onCrash).not.toHaveBeenCalled();
  });

  it('by nact: by default it prints to the console and stops the actor', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(silent);
    const seen: unknown[] = [];
    const ref = nact.spawn(
      nact.start(),
      (_state, message) => {
        if (message === 1) throw new Error('printed');
        seen.push(message);
      },
      'a',
    );
    nact.dispatch(ref, 1);
    nact.dispatch(ref, 2);
    await macrotasks(5);
    expect(log).toHaveBeenCalled();
    expect(seen).toEqual([]);
  });

  it('here: whatever is thrown, even after the stop, is reported; the next message is handled, and nothing is printed', async () => {
    const printed = vi.spyOn(console, 'log').mockImplementation(silent);
    const complaints: string[] = [];
    const faults: unknown[] = [];
    const seen: number[] = [];
    const system = startOurs(
      (error) => faults.push(error),
      (text) => complaints.push(text),
    );
    const ref = system.spawn<number>({
      name: 'a',
      behaviour: async (n, self) => {
        if (n === 2) throw new Error('two');
        seen.push(n);
        if (n === 3) {
          void system.stop(self);
          await macrotask();
          throw new Error('three');
        }
      },
    });
    const suicide = system.spawn<string>({
      name: 'b',
      behaviour: () => {
        system.kill();
        throw new Error('after the end');
      },
    });
    for (const n of [1, 2, 3]) dispatch(ref, n);
    await system.stop(ref);
    dispatch(suicide, 'go');
    await macrotasks(3);
    expect(seen).toEqual([1, 3]);
    expect(faults).toEqual([new Error('two'), new Error('three'), new Error('after the end')]);
    expect(printed).not.toHaveBeenCalled();
    expect(complaints).toEqual([]);
  });
});

describe('stopping', () => {
  it('by nact: stop() drops the mailbox, and a message to a stopped actor is gone without a word', async () => {
    const seen: unknown[] = [];
    const ref = nact.spawn(nact.start(), (_state, message) => void seen.push(message), 'a');
    for (const n of [1, 2, 3]) nact.dispatch(ref, n);
    nact.stop(ref);
    nact.dispatch(ref, 4);
    await macrotasks(5);
    expect(seen).toEqual([]);
  });

  it('here: what was sent before is handled, what comes later is counted', async () => {
    const seen: number[] = [];
    const system = startOurs();
    const ref = system.spawn<number>({ name: 'a', behaviour: (n) => void seen.push(n) });
    for (const n of [1, 2, 3]) dispatch(ref, n);
    await system.stop(ref);
    dispatch(ref, 4);
    expect(seen).toEqual([1, 2, 3]);
    expect(system.deadLetters).toBe(1);
  });

  it.each(['parent', 'system'] as const)('by nact: stop(%s) leaves the children at work', async (what) => {
    const seen: unknown[] = [];
    const system = nact.start();
    const parent = nact.spawn(system, silent, 'parent');
    const child = nact.spawn(parent, (_state, message) => void seen.push(message), 'child');
    for (const n of [1, 2, 3]) nact.dispatch(child, n);
    nact.stop(what === 'parent' ? parent : system);
    await macrotasks(6);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('here: killing the system stops every actor, children included', async () => {
    const seen: number[] = [];
    const system = startOurs();
    const parent = system.spawn<number>({ name: 'parent', behaviour: silent });
    const child = system.spawn<number>({ name: 'child', parent, behaviour: (n) => void seen.push(n) });
    for (const n of [1, 2, 3]) dispatch(child, n);
    system.kill();
    await macrotasks(6);
    expect(seen).toEqual([]);
    expect(system.deadLetters).toBe(3);
  });
});

describe('the map of systems', () => {
  it('by nact: a second system of a name takes the messages of the first', async () => {
    const seen: string[] = [];
    const first = nact.spawn(nact.start({ name: 'same' }), () => void seen.push('first'), 'a');
    nact.spawn(nact.start({ name: 'same' }), () => void seen.push('second'), 'a');
    nact.dispatch(first, 1);
    await macrotasks(3);
    expect(seen).toEqual(['second']);
  });

  it('here: an instance refuses a second of that name while the first runs, and instances have maps of their own', async () => {
    const runtime = createActorRuntime(realBindings(silent));
    const system = runtime.startSystem('same', silent);
    expect(() => runtime.startSystem('same', silent)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    createActorRuntime(realBindings(silent)).startSystem('same', silent).kill();
    system.kill();
    runtime.startSystem('same', silent).kill();
  });
});
