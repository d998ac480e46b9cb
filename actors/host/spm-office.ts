import type { NodePorts } from '../ports.js';
import type { LeaseHold, StoragePort } from '../storage-port.js';
import { BAD_PARAMETER, NOT_SPM, RECOVERING } from '../wire.js';
import type { Stamp } from '../wire.js';
import { done, refused, type Answer } from './answer.js';
import { OwnTaskIds } from './own-task-ids.js';
import type { SpmRequest } from './spm-request.js';
import { SpmTasks, type SpmTasksDeps } from './spm-tasks.js';

/** How long a new SPM takes to find its feet, µs each. */
export interface TakeOver {
  /** It answers everything with 99. */
  readonly recovering: number;
  /** Thereafter: it lists no task, and says that this means nothing, since those that it takes over are not loaded yet; all else it answers with 99. */
  readonly loading: number;
}

export interface SpmOfficeDeps extends SpmTasksDeps {
  readonly ports: NodePorts;
  readonly storage: StoragePort;
  readonly takeOver: TakeOver;
  /** See {@link HostChecks}. */
  readonly clientTaskIds: boolean;
  /** To call, through the mailbox, {@link SpmOffice.goOn} of the term of this generation. */
  readonly goOn: (generation: number) => void;
}

/** One term of a host as SPM: it recovers, loads what the term before has left, and works until storage says that the lease is lost. */
export class SpmOffice {
  #at: 'recovering' | 'loading' | 'working' | 'over' = 'recovering';
  #tasks: SpmTasks | null = null;
  readonly #ownIds: OwnTaskIds | null;

  constructor(
    private readonly deps: SpmOfficeDeps,
    readonly hold: LeaseHold,
  ) {
    this.#ownIds = deps.clientTaskIds ? null : new OwnTaskIds(deps.ports.node, hold.generation);
    this.#wait(deps.takeOver.recovering);
  }

  get isOver(): boolean {
    return this.#at === 'over' || this.#tasks?.inOffice === false;
  }

  /** What it was waiting for has come. */
  goOn(): void {
    switch (this.#at) {
      case 'recovering':
        this.#at = 'loading';
        return this.#wait(this.deps.takeOver.loading);
      case 'loading':
        this.#at = 'working';
        this.#tasks = new SpmTasks(this.deps, this.hold);
        return;
      case 'working':
      case 'over':
        return;
    }
  }

  /** @param stale the answer to what comes from the past */
  answer(request: SpmRequest, stamp: Stamp | null, stale: (stamp: Stamp | null) => Answer): Answer {
    const { ports, storage } = this.deps;
    if (this.isOver) return refused(NOT_SPM, `${ports.node} is not the SPM`);
    switch (stamp === null || this.#ownIds !== null ? 'admitted' : storage.admit(this.hold, stamp)) {
      case 'stale':
        return stale(stamp);
      case 'leaseLost':
        this.#at = 'over';
        return refused(NOT_SPM, 'the SPM lease is lost');
      case 'admitted':
    }
    const { generation } = this.hold;
    if (this.#tasks !== null) return this.#ownIds?.answer(this.#tasks, request) ?? answered(this.#tasks, request, generation);
    if (this.#at === 'loading' && request.op === 'getAllTasksStatuses') return done(this.#ownIds === null ? { generation, settled: false, tasks: [] } : { tasks: [] });
    return refused(RECOVERING, `${ports.node} is taking over`);
  }

  jobDone(taskId: string): void {
    this.#tasks?.jobDone(taskId);
  }

  #wait(us: number): void {
    const { ports, goOn } = this.deps;
    if (us === 0) this.goOn();
    else ports.after(us, () => goOn(this.hold.generation));
  }
}

function answered(tasks: SpmTasks, request: SpmRequest, generation: number): Answer {
  switch (request.op) {
    case 'submitTask':
      return request.taskId === null ? refused(BAD_PARAMETER, 'submitTask: without a taskId') : tasks.submit({ ...request, taskId: request.taskId });
    case 'getAllTasksStatuses':
      return done({ generation, settled: true, tasks: tasks.statuses() });
    case 'getAllTasksInfo':
      return done({ tasks: tasks.infos() });
    case 'stopTask':
      return tasks.stop(request.taskId);
    case 'fenceTask':
      return tasks.fence(request.taskId);
    case 'clearTask':
      return tasks.clear(request.taskId);
  }
}
