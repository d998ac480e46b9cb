import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createActorRuntime, dispatch, realBindings, type ActorSystem, type Ref, type RuntimeBindings } from '../../actors/runtime.js';
import { encodeActorName } from '../../actors/runtime/actor-name.js';

const silent = (): void => undefined;

function startReal(onFault: (error: unknown, path: string) => void = silent): ActorSystem {
  return createActorRuntime(realBindings(silent)).startSystem('test', onFault);
}

/** Bindings whose turns wait until they are told to run. */
function manualBindings(): RuntimeBindings & { readonly turns: { run: () => void; actor: string | null; message: unknown }[] } {
  const turns: { run: () => void; actor: string | null; message: unknown }[] = [];
  return {
    turns,
    setImmediate: (run, actor, message) => turns.push({ run, actor, message }),
    clearImmediate: silent,
    setTimeout: silent,
    clearTimeout: silent,
    random: () => 0.5,
    now: () => 0,
    log: silent,
  };
}

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an actor', () => {
  it('handles its messages one at a time, in order, waiting for each', async () => {
    const system = startReal();
    const seen: string[] = [];
    const ref = system.spawn<number>({
      name: 'a',
      behaviour: async (n) => {
        seen.push(`begin ${n}`);
        await macrotask();
        seen.push(`end ${n}`);
      },
    });
    dispatch(ref, 1);
    dispatch(ref, 2);
    await system.stop(ref);
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('goes on after its behaviour threw or rejected, and each throw is reported with its path', async () => {
    const faults: unknown[] = [];
    const system = startReal((error, path) => faults.push([path, error]));
    const shelf = system.spawn<never>({ name: 'shelf', behaviour: silent });
    const seen: string[] = [];
    const ref = system.spawn<string>({
      name: 'a:1',
      parent: shelf,
      behaviour: (message) => {
        if (message === 'throw') throw new Error('thrown');
        if (message === 'reject') return Promise.reject(new Error('rejected'));
        return void seen.push(message);
      },
    });
    for (const message of ['throw', 'one', 'reject', 'two']) dispatch(ref, message);
    await system.stopAll();
    expect(seen).toEqual(['one', 'two']);
    expect(faults).toEqual([
      ['test/shelf/a:1', new Error('thrown')],
      ['test/shelf/a:1', new Error('rejected')],
    ]);
  });

  it('is given a reference to itself', async () => {
    const system = startReal();
    const counted = new Promise<number>((resolve) => {
      const ref = system.spawn<number>({ name: 'a', behaviour: (n, self) => (n === 5 ? resolve(n) : dispatch(self, n + 1)) });
      dispatch(ref, 0);
    });
    expect(await counted).toBe(5);
  });

  it('cannot have the name of a living sibling, but that of a stopped one', async () => {
    const system = startReal();
    const first = system.spawn<never>({ name: 'a', behaviour: silent });
    expect(() => system.spawn<never>({ name: 'a', behaviour: silent })).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    await system.stop(first);
    system.spawn<never>({ name: 'a', behaviour: silent });
  });
});

describe('stopping', () => {
  it('lets an actor handle what it has, and counts what comes later', async () => {
    const system = startReal();
    const seen: number[] = [];
    const ref = system.spawn<number>({ name: 'a', behaviour: (n) => void seen.push(n) });
    dispatch(ref, 1);
    dispatch(ref, 2);
    const stopped = system.stop(ref);
    dispatch(ref, 3);
    await stopped;
    dispatch(ref, 4);
    expect(seen).toEqual([1, 2]);
    expect(system.deadLetters).toBe(2);
  });

  it('stops children before their parent, and everything under them', async () => {
    const system = startReal();
    const seen: string[] = [];
    const actor = (name: string, parent?: Ref<never>): Ref<string> =>
      system.spawn<string>({ name, ...(parent === undefined ? {} : { parent }), behaviour: (message) => void seen.push(`${name} ${message}`) });
    const parent = actor('parent');
    const child = actor('child', parent);
    const grandchild = actor('grandchild', child);
    for (const ref of [parent, child, grandchild]) dispatch(ref, 'before');
    await system.stop(parent);
    for (const ref of [parent, child, grandchild]) dispatch(ref, 'after');
    await macrotask();
    expect(seen.sort()).toEqual(['child before', 'grandchild before', 'parent before']);
    expect(system.deadLetters).toBe(3);
  });

  it('of one actor can be asked for twice, also from its own turn', async () => {
    const system = startReal();
    const ref = system.spawn<string>({ name: 'a', behaviour: (_message, self) => void system.stop(self) });
    dispatch(ref, 'stop');
    await macrotask();
    await Promise.all([system.stop(ref), system.stop(ref)]);
    dispatch(ref, 'stop');
    expect(system.deadLetters).toBe(1);
  });

  it('of the whole system leaves nothing that could be spawned or reached', async () => {
    const runtime = createActorRuntime(realBindings(silent));
    const system = runtime.startSystem('test', silent);
    const ref = system.spawn<number>({ name: 'a', behaviour: silent });
    await system.stopAll();
    const late = system.spawn<number>({ name: 'b', behaviour: silent });
    dispatch(ref, 1);
    dispatch(late, 1);
    expect(system.deadLetters).toBe(2);
    runtime.startSystem('test', silent);
  });

  it('at once drops what is waiting and what comes of turns under way', async () => {
    const bindings = manualBindings();
    const system = createActorRuntime(bindings).startSystem('test', silent);
    const seen: number[] = [];
    const ref = system.spawn<number>({ name: 'a', behaviour: (n) => void seen.push(n) });
    dispatch(ref, 1);
    dispatch(ref, 2);
    system.kill();
    for (const turn of bindings.turns.splice(0)) turn.run();
    await macrotask();
    expect(bindings.turns).toEqual([]);
    expect(system.deadLetters).toBe(2);
    system.kill();
  });
});

describe('an instance of nact', () => {
  afterEach(() => vi.restoreAllMocks());

  it('says whose turn it asks for and about which message', async () => {
    const bindings = manualBindings();
    const system = createActorRuntime(bindings).startSystem('test', silent);
    const ref = system.spawn<string>({ name: 'cmd:1', behaviour: silent });
    dispatch(ref, 'one');
    dispatch(ref, 'two');
    expect(bindings.turns).toMatchObject([{ actor: 'cmd:1', message: 'one' }]);
    bindings.turns.shift()?.run();
    await macrotask();
    expect(bindings.turns).toMatchObject([{ actor: 'cmd:1', message: 'two' }]);
  });

  it('uses nothing of the process that the bindings stand for', async () => {
    const used: string[] = [];
    const spy = (object: object, name: string): void => {
      vi.spyOn(object as { [key: string]: () => unknown }, name).mockImplementation(() => void used.push(name));
    };
    const bindings = manualBindings();
    for (const name of ['setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout']) spy(globalThis, name);
    spy(Math, 'random');
    spy(Date, 'now');
    spy(console, 'log');
    const system = createActorRuntime(bindings).startSystem('test', silent);
    const ref = system.spawn<string>({ name: 'a', behaviour: silent });
    dispatch(ref, 'one');
    bindings.turns.shift()?.run();
    await Promise.resolve();
    system.kill();
    vi.restoreAllMocks();
    expect(used).toEqual([]);
  });

  it('knows nothing of another: systems of one name live side by side', async () => {
    const seen: string[] = [];
    const [one, other] = [0, 1].map((i) => {
      const system = createActorRuntime(realBindings(silent)).startSystem('same', silent);
      return { system, ref: system.spawn<string>({ name: 'same', behaviour: (message) => void seen.push(`${i} ${message}`) }) };
    });
    if (one === undefined || other === undefined) throw new Error('unreachable');
    dispatch(one.ref, 'a');
    await one.system.stopAll();
    dispatch(other.ref, 'b');
    await other.system.stopAll();
    expect(seen).toEqual(['0 a', '1 b']);
  });
});

describe('the name of an actor on the side of nact', () => {
  it('is one that nact accepts, and another for another name', () => {
    const name = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('$', '', '$24', 'a:b', 'a$3ab', 'ä', 'Ä'));
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 20 }), (names) => {
        // Lone surrogates have no UTF-8; they cannot come from a file or a wire.
        const wellFormed = names.filter((name) => !/\p{Surrogate}/u.test(name));
        const encoded = wellFormed.map(encodeActorName);
        for (const name of encoded) expect(name).toMatch(/^[a-z0-9-$_.+!*'(),]+$/i);
        expect(new Set(encoded).size).toBe(wellFormed.length);
      }),
    );
  });

  it('is the name itself where nact allows it', () => {
    expect(encodeActorName('cmd-7!child.1')).toBe('cmd-7!child.1');
    expect(encodeActorName('a/b %')).toBe('a$2fb$20$25');
  });
});
