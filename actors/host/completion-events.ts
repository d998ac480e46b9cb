import type { NodePorts } from '../ports.js';
import type { LeaseHold } from '../storage-port.js';
import type { Stamp, TaskStatus } from '../wire.js';

/** Whom an SPM tells, in one term, that a task is over: whoever submitted it last and wanted to be told. In memory alone; who is not told finds out at its next poll. */
export class CompletionEvents {
  readonly #wanted = new Map<string, { readonly to: string; readonly life: string }>();
  #told = 0;

  constructor(
    private readonly ports: NodePorts,
    private readonly hold: LeaseHold,
    private readonly incarnation: number,
  ) {}

  /** @param stamp of the submission: only this start of its engine is told */
  want(taskId: string, to: string, stamp: Stamp | null): void {
    if (stamp?.store !== undefined) this.#wanted.set(taskId, { to, life: stamp.store.life });
  }

  /** To be called when the end is on storage. */
  ended(status: TaskStatus): void {
    const wanted = this.#wanted.get(status.taskId);
    if (wanted === undefined) return;
    this.#wanted.delete(status.taskId);
    this.#told += 1;
    const { ports, incarnation } = this;
    const { pool, generation } = this.hold;
    ports.send(wanted.to, {
      kind: 'event',
      correlation: `${ports.node}.${incarnation}.${generation}.${this.#told}`,
      from: ports.node,
      incarnation,
      life: wanted.life,
      body: { op: 'taskEnded', pool, generation, status },
    });
  }
}
