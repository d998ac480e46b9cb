import { z } from 'zod';
import { defineCommand, type CommandDefinition } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import { SECOND, withRig, type EngineRig } from './engine-rig.js';

export type Counter = { readonly n: number };
export const COUNTER = entityKind<Counter>('counter');

const DISTURBING = defineCommand({ type: 'Disturbing', params: z.strictObject({}) })
  .step({ name: 'one', beforeTask: ({ entities }) => entities.update(COUNTER, 'c', ({ n }) => ({ n: n + 1 })) })
  .build();

/**
 * Runs a command as c1, whose callback reads `counter/c`, which is 1, and then makes a call that is not answered. Meanwhile another command makes it 2. The
 * engine crashes, and the callback runs again, to its end: it sees what it had seen, and meets what is newest at its commit.
 */
export async function disturbed(acting: CommandDefinition, then: (rig: EngineRig) => Promise<void>, others: readonly CommandDefinition[] = []): Promise<void> {
  await withRig({ commands: [acting, DISTURBING, ...others], entities: { 'counter/c': { n: 1 } } }, async (rig) => {
    let silent = true;
    rig.host.script = { call: () => (silent ? 'silence' : { result: null }) };
    rig.submit('c1', acting.type);
    await rig.runFor(SECOND);
    rig.submit('d1', 'Disturbing');
    await rig.runFor(SECOND);
    silent = false;
    rig.restart();
    await rig.run();
    await then(rig);
  });
}
