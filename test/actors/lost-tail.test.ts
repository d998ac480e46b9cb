import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import { SECOND, withRig } from './engine-rig.js';

// An older store put back, whose last commits no host has heard of. Nobody can tell; what is lost of it was on the engine's side alone.

const NOTE = entityKind<{ readonly text: string }>('note');
const NOTING = defineCommand({ type: 'Noting', params: z.strictObject({}) })
  .step({ name: 'note', effectFree: true, beforeTask: ({ entities }) => entities.put(NOTE, 'n', { text: 'noted' }) })
  .build();

test('commits that no host has seen can be lost without a word', async () => {
  await withRig({ commands: [NOTING] }, async (rig) => {
    // The engine has polled its pool, and has nothing more to ask.
    await rig.runFor(60 * SECOND);
    const older = rig.copyOfDisk();
    rig.submit('c1', 'Noting');
    await rig.run();
    expect((await rig.command()).status).toBe('SUCCEEDED');
    rig.restartWith(older);
    await rig.run();
    const { commands, entities } = await rig.stored();
    expect([rig.told('storeRolledBack'), commands.size, entities.size]).toEqual([[], 0, 0]);
    rig.submit('c1', 'Noting');
    await rig.run();
    expect([(await rig.command()).status, (await rig.stored()).entities.get('note/n')?.value]).toEqual(['SUCCEEDED', { text: 'noted' }]);
  });
});
