import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DiskOp } from '../../../src/store/disk.js';
import { openLevelDisk } from '../../../src/store/level-disk.js';
import { MemoryDisk } from '../../../src/store/memory-disk.js';
import { contentsOf } from './disk-suite.js';
import { temporaryDirectory } from './temporary-directory.js';

// Few keys, so that they meet; some are prefixes of others.
const key = fc.constantFrom('a', 'a/', 'a/b', 'a/bc', 'a-b', 'ab', 'b', '!', '~', 'Z');
const op: fc.Arbitrary<DiskOp> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ type: fc.constant('del' as const), key }),
);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), ops: fc.array(op, { maxLength: 8 }), waits: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('scan' as const), prefix: fc.oneof(key, fc.constant('')) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);

test('whatever is done to them, LevelDB and memory show the same', { timeout: 60_000 }, async () => {
  const root = await temporaryDirectory();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const directory = join(root, String((run += 1)));
      let memory = new MemoryDisk();
      let level = await openLevelDisk(directory, { create: true });
      const unawaited: Promise<void>[] = [];
      for (const action of steps) {
        switch (action.do) {
          case 'write': {
            const writes = [memory.write(action.ops), level.write(action.ops)];
            if (action.waits) await Promise.all(writes);
            else unawaited.push(...writes);
            break;
          }
          case 'scan':
            expect(await contentsOf(level, action.prefix)).toEqual(await contentsOf(memory, action.prefix));
            break;
          case 'reopen':
            await Promise.all([memory.close(), level.close()]);
            memory = memory.clone();
            level = await openLevelDisk(directory, { create: false });
            break;
        }
      }
      await Promise.all(unawaited);
      expect(await contentsOf(level)).toEqual(await contentsOf(memory));
      await level.close();
    }),
    { numRuns: 60 },
  );
});
