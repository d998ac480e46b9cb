import type { NodePorts } from '../ports.js';
import type { LeaseHold, StoragePort } from '../storage-port.js';
import { BAD_PARAMETER, NOT_SPM, RECOVERING } from '../wire.js';
import type { Stamp } from '../wire.js';
import { done, refused, type Answer, type ReturnAddress } from './answer.js';
import { CompletionEvents } from './completion-events.js';
import type { JobDone } from './job.js';
import { OwnTaskIds } from './own-task-ids.js';
import type { SpmRequest } from './spm-request.js';
import { SpmTasks, type SpmTasksDeps } from './spm-tasks.js';


export interface SpmOfficeDeps extends Omit<SpmTasksDeps, 'ended'> {
  readonly ports: NodePorts;
  readonly storage: StoragePort;
  /** Of the host. */
  readonly incarnation: number;
  /** See {@link HostChecks}. */
  readonly clientTaskIds: boolean;
}

/** One term of a host as SPM: it loads what the term before has left, and works until it leaves, or storage says that the lease is lost. */
export class SpmOffice {
  #at: 'loading' | 'working' | 'left' | 'over' = 'loading';
  #tasks: SpmTasks | null = null;
  readonly #ownIds: OwnTaskIds | null;
  readonly #events: CompletionEvents;

  constructor(
    private readonly deps: SpmOfficeDeps,
    readonly hold: LeaseHold,
  ) {
    this.#ownIds = deps.clientTaskIds ? null : new OwnTaskIds(deps.ports.node, hold.generation);
    this.#events = new CompletionEvents(deps.ports, hold, deps.incarnation);
  }

  /** Storage has said that the lease is lost. */
  get isOver(): boolean {
    return this.#at === 'over' || this.#tasks?.inOffice === false;
  }

  /** Takes over the tasks that there are. */
  load(): void {
    this.#at = 'working';
    this.#tasks = new SpmTasks({ ...this.deps, ended: (status) => this.#events.ended(status) }, this.hold);
  }

  /** From now on it is asked in vain. Jobs that run go on; those that wait will not begin. */
  leave(): void {
    this.#at = 'left';
    this.#tasks?.leave();
  }

  /** @param stale the answer to what comes from the past @param later gives an answer when so many µs have passed @returns null: it is answered later */
  answer(request: SpmRequest, stamp: Stamp | null, to: ReturnAddress, stale: (stamp: Stamp | null) => Answer, later: (answer: Answer, us: number) => null): Answer | null {
    const { ports, storage } = this.deps;
    if (this.isOver || this.#at === 'left') return refused(NOT_SPM, `${ports.node} is not the SPM`);
    switch (stamp === null || this.#ownIds !== null ? 'admitted' : storage.admit(this.hold, stamp)) {
      case 'stale':
        return stale(stamp);
      case 'leaseLost':
        this.#at = 'over';
        return refused(NOT_SPM, 'the SPM lease is lost');
      case 'admitted':
    }
    const { generation } = this.hold;
    if (request.op === 'submitTask' && request.tellsEnd === true && request.taskId !== null) this.#events.want(request.taskId, to.node, stamp);
    if (this.#tasks !== null) return this.#ownIds === null ? answered(this.#tasks, request, generation, later) : this.#ownIds.answer(this.#tasks, request, later);
    // What it is about to take over is not loaded yet: that a task is not listed means nothing, and an id that seems new may not be.
    if (request.op === 'getAllTasksStatuses') return done(this.#ownIds === null ? { generation, settled: false, tasks: [] } : { tasks: [] });
    return refused(RECOVERING, `${ports.node} is taking over`);
  }

  /** A job has returned, or a roll-back is through. */
  jobDone(done: JobDone): void {
    this.#tasks?.jobDone(done);
  }

  /** Whatever jobs hung upon is there again. */
  setFree(): void {
    this.#tasks?.setFree();
  }
}

function answered(tasks: SpmTasks, request: SpmRequest, generation: number, later: (answer: Answer, us: number) => null): Answer | null {
  switch (request.op) {
    case 'submitTask': {
      if (request.taskId === null) return refused(BAD_PARAMETER, 'submitTask: without a taskId');
      const { answer, afterUs } = tasks.submit({ ...request, taskId: request.taskId });
      return afterUs === 0 ? answer : later(answer, afterUs);
    }
    case 'getAllTasksStatuses':
      return done({ generation, settled: true, tasks: tasks.statuses() });
    case 'getAllTasksInfo':
      return done({ tasks: tasks.infos() });
    case 'getTaskStatus':
      return tasks.statusOf(request.taskId);
    case 'getTaskInfo':
      return tasks.infoOf(request.taskId);
    case 'stopTask':
      return tasks.stop(request.taskId);
    case 'revertTask':
      return tasks.revert(request.taskId);
    case 'fenceTask':
      return tasks.fence(request.taskId);
    case 'clearTask':
      return tasks.clear(request.taskId);
  }
}
