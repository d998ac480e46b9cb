import type { StepRef } from '../../actors/wire.js';

/** What the engine calls a task of which a host, or the ledger of effects, tells: hosts that make their own ids have another name for it. Of a call, its key. */
export function engineTask({ id, step }: { readonly id: string; readonly step: Pick<StepRef, 'task'> }): string {
  return step.task ?? id;
}
