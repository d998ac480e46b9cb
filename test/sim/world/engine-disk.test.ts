import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Disk, OpenDisk } from '../../../src/store/disk.js';
import { openLevelDisk } from '../../../src/store/level-disk.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import { Kernel } from '../../../sim/kernel/kernel.js';
import type { Life } from '../../../sim/kernel/life.js';
import { SimNode } from '../../../sim/kernel/node.js';
import { random } from '../../../sim/kernel/strategies/random.js';
import { EngineDisk } from '../../../sim/world/engine-disk.js';
import { createWorld } from '../kernel/world.js';

function loneNode(kernel: Kernel): SimNode {
  const nothing = (): void => undefined;
  return new SimNode(kernel, { attach: nothing, send: nothing }, 'n', { probe: nothing, fault: nothing, down: nothing });
}

interface Bench {
  readonly kernel: Kernel;
  readonly node: SimNode;
  /** Starts the node again and runs `act` on its fresh disk, within one event. */
  start(act: (disk: Disk, life: Life) => void): Promise<void>;
  stored(): Promise<string[]>;
}

function bench(seed: number): Bench {
  let memory = new MemoryDisk();
  const kernel = new Kernel({ seed, strategy: random });
  const disk = new EngineDisk(kernel, 'n', () => Promise.resolve((memory = memory.clone())));
  const node = loneNode(kernel);
  return {
    kernel,
    node,
    start: async (act) => {
      const run = async (): Promise<void> => {
        const life = node.start();
        act(await disk.open(life), life);
      };
      kernel.schedule(kernel.now, { kind: 'control', node: '', incarnation: 0, label: 'start', content: null, background: false, run });
      await kernel.step();
    },
    stored: async () => (await memory.clone().scan('')).map(({ key }) => key),
  };
}

function put(key: string): { readonly type: 'put'; readonly key: string; readonly value: Uint8Array } {
  return { type: 'put', key, value: new Uint8Array([1]) };
}

describe('the disk of a simulated node', () => {
  it('writes in the order asked for, takes its time, and answers when it is on disk', async () => {
    const { kernel, start, stored } = bench(1);
    const done: { readonly key: string; readonly at: number; readonly stored: number }[] = [];
    await start((disk) => {
      for (let i = 10; i < 30; i += 1) {
        void disk.write([put(`${i}`)]).then(async () => done.push({ key: `${i}`, at: kernel.now, stored: (await stored()).length }));
      }
    });
    expect(await stored()).toEqual([]);
    await kernel.runUntilIdle();
    expect(done.map(({ key }) => key)).toEqual(Array.from({ length: 20 }, (_, i) => `${10 + i}`));
    expect(done.map((write) => write.stored)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(new Set(done.map(({ at }) => at)).size).toBe(20);
    expect(done[0]?.at).toBeGreaterThan(100);
  });

  it('scans what is there when the scan is done', async () => {
    const { kernel, start } = bench(1);
    let found: readonly string[] = [];
    await start((disk) => {
      void disk.write([put('a/1'), put('b/1')]);
      void disk.write([put('a/2'), { type: 'del', key: 'b/1' }]).then(async () => {
        found = (await disk.scan('a/')).map(({ key }) => key);
      });
    });
    await kernel.runUntilIdle();
    expect(found).toEqual(['a/1', 'a/2']);
  });

  it('passes on that the real one failed', async () => {
    const kernel = new Kernel({ seed: 1, strategy: random });
    const write = (): Promise<void> => Promise.reject(new Error('broken'));
    const broken: OpenDisk = { write, get: async () => undefined, scan: () => Promise.resolve([]), close: () => Promise.resolve() };
    const disk = new EngineDisk(kernel, 'n', () => Promise.resolve(broken));
    const life = loneNode(kernel).start();
    const port = await disk.open(life);
    const failed = expect(port.write([put('a')])).rejects.toThrow('broken');
    await kernel.runUntilIdle();
    await failed;
    await disk.close();
    await disk.close();
  });

  it('keeps or loses at a crash what was in flight, from the first on, and nobody is answered', async () => {
    const kept = new Set<number>();
    for (let seed = 0; seed < 40; seed += 1) {
      const { kernel, node, start, stored } = bench(seed);
      let answered = 0;
      await start((disk) => {
        for (const key of ['1', '2', '3']) void disk.write([put(`${key}a`), put(`${key}b`)]).then(() => (answered += 1));
        void disk.scan('').then(() => (answered += 1));
      });
      node.crash();
      await kernel.runUntilIdle();
      const keys = await stored();
      expect(keys).toEqual(['1a', '1b', '2a', '2b', '3a', '3b'].slice(0, keys.length));
      expect(keys.length % 2).toBe(0);
      expect(answered).toBe(0);
      kept.add(keys.length / 2);

      let recovered: readonly string[] | undefined;
      await start((disk) => void disk.scan('').then((entries) => (recovered = entries.map(({ key }) => key))));
      await kernel.runUntilIdle();
      expect(recovered).toEqual(keys);
    }
    expect([...kept].sort()).toEqual([0, 1, 2, 3]);
  });

  it('does not write again at a crash what was done before', async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const { kernel, node, start, stored } = bench(seed);
      await start((disk) => {
        void disk.write([put('gone')]);
        void disk.write([{ type: 'del', key: 'gone' }]);
      });
      await kernel.runUntilIdle();
      node.crash();
      await kernel.runUntilIdle();
      expect(await stored()).toEqual([]);
    }
  });

  it('does what it is asked around a crash point, or not at all', async () => {
    const run = async (at: 'before' | 'after', portOperation: number): Promise<number> => {
      let most = 0;
      for (let seed = 0; seed < 20; seed += 1) {
        const { kernel, node, start, stored } = bench(seed);
        node.planCrash({ at, portOperation });
        await start((disk) => {
          void disk.write([put('1')]);
          void disk.write([put('2')]);
        });
        await kernel.runUntilIdle();
        expect([node.portOperations, node.up]).toEqual([portOperation, false]);
        most = Math.max(most, (await stored()).length);
      }
      return most;
    };
    expect(await run('before', 1)).toBe(0);
    expect(await run('after', 1)).toBe(1);
    expect(await run('before', 2)).toBe(1);
    expect(await run('after', 2)).toBe(2);
  });

  it('is used by one incarnation at a time', async () => {
    const kernel = new Kernel({ seed: 1, strategy: random });
    const disk = new EngineDisk(kernel, 'n', () => Promise.resolve(new MemoryDisk()));
    const node = loneNode(kernel);
    const life = node.start();
    await disk.open(life);
    await expect(disk.open(life)).rejects.toThrow(expect.objectContaining({ code: 'INTERNAL' }) as Error);
  });

  it('keeps the store of a node that is down locked: it is closed when the node starts again, and at the end', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'seatbelt-disk-'));
    try {
      const path = join(directory, 'store');
      await (await openLevelDisk(path, { create: true })).close();
      const another = async (): Promise<string> => {
        try {
          await (await openLevelDisk(path, { create: false })).close();
          return 'opened';
        } catch (error) {
          return (error as { readonly code: string }).code;
        }
      };
      const kernel = new Kernel({ seed: 1, strategy: random });
      const disk = new EngineDisk(kernel, 'n', () => openLevelDisk(path, { create: false }));
      const node = loneNode(kernel);
      const start = async (): Promise<void> => {
        const run = async (): Promise<void> => void (await disk.open(node.start()));
        kernel.schedule(kernel.now, { kind: 'control', node: '', incarnation: 0, label: 'start', content: null, background: false, run });
        await kernel.runUntilIdle();
      };
      await start();
      expect(await another()).toBe('STORE_LOCKED');
      node.crash();
      await kernel.runUntilIdle();
      expect([node.up, await another()]).toEqual([false, 'STORE_LOCKED']);
      await start();
      expect([node.up, await another()]).toEqual([true, 'STORE_LOCKED']);
      await disk.close();
      expect(await another()).toBe('opened');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('has on it what was kept of a crash, when it is opened again', async () => {
    const kept = new Set<number>();
    for (let seed = 0; seed < 20; seed += 1) {
      const { kernel, node, start } = bench(seed);
      await start((disk) => {
        for (const key of ['1', '2']) void disk.write([put(key)]);
      });
      node.crash();
      await kernel.runUntilIdle();
      let found: readonly string[] = [];
      await start((disk) => {
        void disk.scan('').then((entries) => {
          found = entries.map(({ key }) => key);
        });
      });
      await kernel.runUntilIdle();
      expect(found).toEqual(['1', '2'].slice(0, found.length));
      kept.add(found.length);
    }
    expect(kept).toEqual(new Set([0, 1, 2]));
  });

  it('gives the same run on memory and on LevelDB, with crashes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'seatbelt-disk-'));
    try {
      for (const seed of [1, 2, 3]) {
        const crashes = [{ at: 'time', us: 15_000 }, { at: 'event', n: 150 }, { at: 'after', portOperation: 60 }] as const;
        const run = async (openDisk?: () => Promise<OpenDisk>): Promise<unknown> => {
          const world = createWorld({ seed, crashes, ...(openDisk === undefined ? {} : { openDisk }) });
          await world.kernel.runUntilIdle();
          expect(world.server.incarnation).toBe(4);
          const result = [world.kernel.traceHash, world.kernel.executed, world.kernel.now, [...world.recovered], await world.stored()];
          await world.close();
          return result;
        };
        let created = false;
        const onLevel = await run(() => {
          const create = !created;
          created = true;
          return openLevelDisk(join(directory, `${seed}`), { create });
        });
        expect(onLevel).toEqual(await run());
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
