import { expect } from 'vitest';
import { withRig, type EngineRig } from '../../actors/engine-rig.js';
import { happened, rigOf } from '../order-of-callbacks/drive.js';
import type { DrivenRow, HandlerSetup } from '../order-of-callbacks/row.js';

/** A command of these handlers, as the tables about the order of callbacks have them. */
export const aRow = (...handlers: readonly HandlerSetup[]): DrivenRow => ({ source: '', given: '', when: '', handlers, ovirt: '', then: [], status: 'RUNNING' });

/** Runs such a command to its end: what happened, in the words of those tables, and what status it has then. */
export function runs(handlers: readonly HandlerSetup[], happens: readonly string[], status: string, more: (rig: EngineRig) => void | Promise<void> = () => undefined): Promise<void> {
  const row = aRow(...handlers);
  return withRig(rigOf(row), async (rig) => {
    expect(await happened(row, rig)).toEqual(happens);
    expect((await rig.command()).status).toBe(status);
    await more(rig);
  });
}
