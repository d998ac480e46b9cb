import { scanStore } from '../../src/store/read-store.js';
import type { DiskEntry } from '../../src/store/disk.js';
import { MemoryDisk } from '../../src/store/memory-disk.js';
import { commandView, storeView, type CommandView } from '../../sim/report/store-view.js';

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

/** What must be the same whatever a later program calls its fields, and however it prints them. */
export async function readable(entries: readonly DiskEntry[]): Promise<string> {
  const scan = await scanStore(new MemoryDisk(entries.map(({ key, value }) => [key, value])));
  const { storeId, incarnation, commitSeq, epoch, expired, entities, commands, damaged } = storeView(scan);
  const lines = [
    `store ${storeId}: incarnation ${incarnation}, commit ${commitSeq}, epoch ${epoch}`,
    ...expired.map((id) => `expired ${id}`),
    ...entities.map((entity) => `entity ${entity}`),
    ...damaged.map(({ key, code }) => `damaged ${key}: ${code}`),
    ...commands.flatMap(({ id }) => aboutCommand(commandView(scan, id))),
  ];
  return `${lines.join('\n')}\n`;
}

function aboutCommand({ command, history, tasks, locks }: CommandView): readonly string[] {
  const { id, type, version, params, status, executionIndex, executionReason, fence, steps, error, heldBy, cancel, operator, parent } = command;
  return [
    `command ${id}: ${type} version ${version} ${JSON.stringify(params)}${parent === null ? '' : ` of ${parent.commandId}`}`,
    `  ${status}, ${executionReason}, at ${executionIndex}, fence ${fence}${cancel === null ? '' : ', to be cancelled'}`,
    ...[error, heldBy].flatMap((record) => (record === null ? [] : [`  ${record.code}: ${record.message}`])),
    ...steps.map(({ handler, completed, pivot, undo = 'not undone', work }) => `  step ${handler}: ${completed ? 'completed' : 'open'}, pivot ${pivot}, ${undo}, ${work.map((item) => item.id).join(' ')}`.trimEnd()),
    ...history.map((entry) => `  ${entry.t} ${entry.callback} ${entry.index} #${entry.attempt} ${entry.outcome}`),
    ...tasks.map((task) => `  task ${task.id}: ${task.state}, ${task.verb} ${JSON.stringify(task.args)} in ${task.pool}`),
    ...locks.map(({ key, mode }) => `  lock ${key} ${mode}`),
    ...operator.map(({ action, requestId, reason }) => `  operator ${action} ${requestId} ${reason ?? ''}`.trimEnd()),
  ];
}
