import type { RunPlan } from './verb-table.js';

/**
 * What a worker does for a task: its job, or its roll-back. Only in memory: neither outlives its host. By its number, which no other of the same term has, the host knows
 * whose time is up: a task may have another job by then, or be over.
 */
export type Job = { readonly n: number } & ({ readonly kind: 'run'; readonly plan: RunPlan } | { readonly kind: 'rollback' });

/** The time of a job is up. The term is told from others by its lease generation. */
export interface JobDone {
  readonly generation: number;
  readonly taskId: string;
  readonly job: number;
}
