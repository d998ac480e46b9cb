import { scanStore } from '../../src/store/read-store.js';
import type { DiskEntry } from '../../src/store/disk.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { commandText, storeText } from '../../sim/report/store-text.js';
import { commandView, storeView } from '../../sim/report/store-view.js';

// A store as the repository keeps it: an entry a line, its key and its bytes in base64.

export function toLines(entries: readonly DiskEntry[]): string {
  return entries.map(({ key, value }) => `${JSON.stringify({ key, value: Buffer.from(value).toString('base64') })}\n`).join('');
}

export function fromLines(text: string): readonly DiskEntry[] {
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const { key, value } = JSON.parse(line) as { readonly key: string; readonly value: string };
    return { key, value: Buffer.from(value, 'base64') };
  });
}

/** What `inspect` says of it. */
export async function readable(entries: readonly DiskEntry[]): Promise<string> {
  const scan = await scanStore(new MemoryDisk(entries.map(({ key, value }) => [key, value])));
  const view = storeView(scan);
  const lines = [...storeText(view), ...view.commands.flatMap(({ id }) => ['', ...commandText(commandView(scan, id))])];
  return `${lines.join('\n')}\n`;
}
