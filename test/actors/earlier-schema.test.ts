import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import type { Data } from '../../src/model/data.js';
import { taskHandler } from '../../src/model/handler.js';
import { decodeValue, encodeValue } from '../../src/store/codec.js';
import { ContentsSum, entryDigest } from '../../src/store/contents-sum.js';
import { HEAD_KEY, isArchiveKey } from '../../src/store/keys.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { encodeRecord } from '../../src/store/records.js';
import { withRig } from './engine-rig.js';
import { RUNNING } from './scripted-host.js';

const params = z.strictObject({});
const COPY = defineCommand({ type: 'Copy', params })
  .step(taskHandler<z.output<typeof params>>()({ name: 'copy', createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1', repeatable: true }), compensate: () => undefined }))
  .build();

/** The store with another value under `key`, as if it had always been there. */
async function withValue(disk: MemoryDisk, key: string, value: Uint8Array): Promise<MemoryDisk> {
  const entries = (await disk.scan('')).map((entry) => (entry.key === key ? { key, value } : entry));
  const sum = new ContentsSum();
  for (const entry of entries) if (entry.key !== HEAD_KEY && !isArchiveKey(entry.key)) sum.put(entry.key, entryDigest(entry.key, entry.value));
  return new MemoryDisk(entries.map((entry) => [entry.key, entry.key === HEAD_KEY ? headWith(entry.value, sum.value) : entry.value]));
}

function headWith(bytes: Uint8Array, contents: number): Uint8Array {
  return encodeRecord('head', { ...(decodeValue(HEAD_KEY, bytes).value as { readonly [field: string]: Data }), contents });
}

test('an engine goes on with a command that a program with an earlier schema left, and writes it as its own', async () => {
  await withRig({ commands: [COPY], host: { status: () => RUNNING } }, async (rig) => {
    rig.submit('c1', 'Copy');
    await rig.runUntil(({ type }) => type === 'taskSubmitted');
    await rig.runFor(1_000_000);
    const disk = rig.copyOfDisk();
    const [written] = await disk.scan('command/c1');
    const today = decodeValue('command/c1', written?.value ?? new Uint8Array());
    expect(today.schema).toBe(2);
    const once = JSON.parse(JSON.stringify(today.value).replaceAll(',"repeatable":true', '')) as Data;
    expect(once).not.toEqual(today.value);
    rig.restartWith(await withValue(disk, 'command/c1', encodeValue(1, once)));
    await rig.runFor(3_000_000);
    expect(rig.memory?.commands.get('c1')?.steps[0]?.work).toMatchObject([{ kind: 'task', repeatable: false }]);
    rig.host.script = {};
    await rig.run();
    expect(await rig.command()).toMatchObject({ status: 'SUCCEEDED', steps: [{ work: [{ repeatable: false }] }] });
    const [archived] = await rig.copyOfDisk().scan('done/c1/');
    expect(decodeValue('done', archived?.value ?? new Uint8Array()).schema).toBe(2);
  });
});
