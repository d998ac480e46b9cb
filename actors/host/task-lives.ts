import type { NodePorts } from '../ports.js';
import type { LeaseHold, StoragePort, Work } from '../storage-port.js';
import { GENERAL_FAILURE, TASK_ABORTED, type TaskStatus } from '../wire.js';
import { codeInTask } from './failure-codes.js';
import type { Job, JobDone } from './job.js';
import { moved, WIRE_VALUES, type EndState } from './task-states.js';
import { INITIALIZING, JOBS_COMPLETED, loaded, RUNNING_JOB, statusOf, type HostTask } from './task-status.js';
import type { RunPlan, VerbTable } from './verb-table.js';
import { WorkerPool } from './worker-pool.js';

export interface TaskLivesDeps {
  readonly ports: NodePorts;
  readonly storage: StoragePort;
  readonly verbs: VerbTable;
  /** How many jobs and roll-backs run at once. */
  readonly workers: number;
  /** To call, through the mailbox, {@link TaskLives.jobDone}. */
  readonly jobDone: (done: JobDone) => void;
  /** To be told of each end, once it is on storage. */
  readonly ended: (status: TaskStatus) => void;
}

/** How a job ended. */
type Ending = Pick<HostTask, 'code' | 'message'>;

/** What vdsm says of a job that comes to its turn when its host is not the SPM any more. */
const UNSAFE: Ending = { code: GENERAL_FAILURE, message: 'Secured object is not in safe state' };
const ABORTED: Ending = { code: TASK_ABORTED, message: 'Task is aborted' };

/**
 * What becomes of the tasks of one SPM term: jobs and roll-backs, first come first served by a few workers. Every change is on shared storage before anybody is told
 * and before it is acted upon. When storage says that the lease is lost, the term is over: {@link inOffice} is false, and nothing further is started. What an earlier
 * term left is taken over: a task that is over stays so, and any other is rolled back, for a job is never resumed.
 */
export class TaskLives {
  readonly #tasks = new Map<string, HostTask>();
  /** How the jobs of the tasks that wait will go. */
  readonly #plans = new Map<string, RunPlan>();
  /** What the workers do, by task. */
  readonly #jobs = new Map<string, Job>();
  #numbered = 0;
  readonly #workers: WorkerPool;
  #inOffice = true;
  #leaving = false;

  constructor(
    private readonly deps: TaskLivesDeps,
    private readonly hold: LeaseHold,
  ) {
    this.#workers = new WorkerPool(deps.workers, (taskId) => this.#start(taskId));
    const left = deps.storage.tasks(hold.pool).map(loaded);
    for (const task of left) this.#tasks.set(task.id, task);
    for (const task of left) this.#takeOver(task);
  }

  get inOffice(): boolean {
    return this.#inOffice;
  }

  /** The SPM stops: what waits for a worker will not begin. */
  leave(): void {
    this.#leaving = true;
  }

  get(taskId: string): HostTask | undefined {
    return this.#tasks.get(taskId);
  }

  /** In the order in which they came. */
  all(): readonly HostTask[] {
    return [...this.#tasks.values()];
  }

  isFull(queueLimit: number): boolean {
    return this.#workers.isFull(queueLimit);
  }

  /** It waits for a worker from now on. False: the term is over. */
  accept(submission: Pick<HostTask, 'id' | 'verb' | 'args' | 'step'>, plan: RunPlan): boolean {
    const { ports } = this.deps;
    const task: HostTask = { ...submission, state: 'queued', stopRequested: false, recoveries: [], code: 0, message: INITIALIZING };
    if (!this.#save(task)) return false;
    this.#plans.set(task.id, plan);
    ports.probe({ type: 'hostTaskAccepted', host: ports.node, taskId: task.id, verb: task.verb, ...(task.step.task === undefined ? {} : { task: task.step.task }) });
    this.#workers.put(task.id);
    return this.#inOffice;
  }

  /** One that waits is over at once, or when it is rolled back; of any other, only a flag is set. False: the term is over. */
  stop(task: HostTask): boolean {
    if (task.state !== 'queued') return this.#save({ ...task, stopRequested: true });
    this.#workers.withdraw(task.id);
    this.#plans.delete(task.id);
    this.#abort(task, task);
    return this.#inOffice;
  }

  /** Of one that has finished. False: the term is over. */
  revert(task: HostTask): boolean {
    this.#rollBack(moved(task, 'racquiring'), task);
    return this.#inOffice;
  }

  /** Nobody is to know any more of a task that is over; storage does not, already. */
  forget(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  /** A job has returned, or a roll-back is through. Of an earlier term or job, it changes nothing. */
  jobDone({ generation, taskId, job: n }: JobDone): void {
    const task = this.#tasks.get(taskId);
    const job = this.#jobs.get(taskId);
    if (task === undefined || job?.n !== n || generation !== this.hold.generation) return;
    this.#jobs.delete(taskId);
    this.#workers.done(taskId, () => (job.kind === 'run' ? this.#jobOver(task, job.plan) : this.#rolledBack(task)));
  }

  /** Whatever jobs hung upon is there again: they return. */
  setFree(): void {
    const { generation } = this.hold;
    for (const [taskId, job] of [...this.#jobs]) {
      if (job.kind === 'run' && job.plan.hangs) this.jobDone({ generation, taskId, job: job.n });
    }
  }

  /** Storage has refused something: the lease is lost. */
  resign(): void {
    this.#inOffice = false;
  }

  /** A worker takes it on. False: the term is over. */
  #start(taskId: string): boolean {
    const task = this.#tasks.get(taskId);
    const plan = this.#plans.get(taskId);
    this.#plans.delete(taskId);
    if (task === undefined) return true;
    if (plan === undefined) return this.#startRollback(task);
    return this.#leaving ? this.#doNotStart(task) : this.#startJob(task, plan);
  }

  #doNotStart(task: HostTask): boolean {
    this.#workers.done(task.id, () => this.#abort(task, UNSAFE));
    return this.#inOffice;
  }

  #startJob(task: HostTask, plan: RunPlan): boolean {
    const { ports, storage, verbs } = this.deps;
    const { id: taskId } = task;
    const running = { ...moved(task, 'running'), message: RUNNING_JOB };
    if (!this.#save(running)) return false;
    ports.probe({ type: 'hostTaskStarted', host: ports.node, taskId });
    const begins = plan.failure?.when !== 'atStart' && plan.lost !== 'atStart';
    const begun = begins ? storage.perform(this.#workOf(running), 'begin') : null;
    if (begun?.ok === true) this.#tasks.set(taskId, { ...running, recoveries: begun.recoveries });
    const going: RunPlan = begun?.ok === false ? { ...plan, durationUs: 0, transfer: () => null, hangs: false, failure: { ...begun, when: 'atStart' } } : plan;
    const done = this.#take(taskId, { kind: 'run', plan: going });
    if (!going.hangs) verbs.spend(going, ports, done);
    return true;
  }

  /** @returns what to call when its time is up */
  #take(taskId: string, what: { readonly kind: 'run'; readonly plan: RunPlan } | { readonly kind: 'rollback' }): () => void {
    this.#numbered += 1;
    const job = this.#numbered;
    this.#jobs.set(taskId, { n: job, ...what });
    return () => this.deps.jobDone({ generation: this.hold.generation, taskId, job });
  }

  #jobOver(task: HostTask, plan: RunPlan): void {
    if (plan.lost === 'atStart') return this.#lose(task, plan);
    const outcome = plan.failure === null ? this.deps.storage.perform(this.#workOf(task), 'end') : { ok: false as const, ...plan.failure };
    if (plan.lost === 'atEnd') return this.#lose(task, plan);
    const after = outcome.ok ? { ...task, recoveries: outcome.recoveries } : task;
    // The stop only set a flag: the job has done its work all the same, and what is left of that depends on what it has registered.
    if (task.stopRequested) this.#abort(after, ABORTED);
    else if (outcome.ok) this.#end(after, 'finished', { code: 0, message: JOBS_COMPLETED });
    else this.#abort(after, { code: codeInTask(outcome.code), message: outcome.message });
  }

  /** Its job is over, or never begins. */
  #abort(task: HostTask, ending: Ending): void {
    this.#rollBack(moved(task, 'aborting', 'waitrecover'), ending);
  }

  /** What it has registered is run as soon as a worker is free. Where that is nothing, it "succeeds" at once. */
  #rollBack(task: HostTask, { code, message }: Ending): void {
    const ended = { ...task, code, message };
    if (task.recoveries.length === 0) return this.#end(recovering(ended), 'recovered', ended);
    if (!this.#save(ended)) return;
    this.#toBeRolledBack(task);
  }

  #toBeRolledBack({ id: taskId }: HostTask): void {
    const { ports } = this.deps;
    ports.probe({ type: 'hostTaskRollingBack', host: ports.node, taskId });
    this.#workers.put(taskId);
  }

  #startRollback(task: HostTask): boolean {
    const { ports, verbs } = this.deps;
    if (!this.#save(recovering(task))) return false;
    ports.after(verbs.find(task.verb)?.rollbackUs(task.args, (purpose) => ports.random(purpose)) ?? 0, this.#take(task.id, { kind: 'rollback' }));
    return true;
  }

  #rolledBack(task: HostTask): void {
    const { storage, verbs } = this.deps;
    const result = storage.recover(this.#workOf(task), task.recoveries, verbs.find(task.verb)?.rollbackFails(task.args) ?? false);
    if (result === 'leaseLost') this.resign();
    else this.#end({ ...task, recoveries: [] }, result === 'clean' ? 'recovered' : 'failed', task);
  }

  /** Of an earlier term: its job died with its host. That nobody asked for it shows in the code, which is 0. */
  #takeOver(task: HostTask): void {
    switch (task.state) {
      case 'finished':
      case 'recovered':
      case 'failed':
        return;
      case 'aborting':
      case 'raborting':
        return this.#end(task, 'failed', task);
      case 'waitrecover':
      case 'racquiring':
      case 'recovering':
        return this.#toBeRolledBack(task);
      case 'init':
      case 'preparing':
      case 'blocked':
      case 'acquiring':
      case 'queued':
      case 'running':
        return this.#abort(task, task);
    }
  }

  #end(task: HostTask, state: EndState, { code, message }: Ending): void {
    const over = { ...moved(task, state), code, message };
    if (!this.#save(over)) return;
    const { ports, ended } = this.deps;
    ports.probe({ type: 'hostTaskEnded', host: ports.node, taskId: task.id, result: WIRE_VALUES[state].taskResult, code });
    ended(statusOf(over));
  }

  /** What has had an effect must not be taken for new, should it be submitted again: of that at least its id is kept. */
  #lose({ id: taskId }: HostTask, { lost }: RunPlan): void {
    const { ports, storage } = this.deps;
    const gone = lost === 'atEnd' ? storage.clearTask(this.hold, taskId) : storage.loseTask(this.hold, taskId);
    if (!gone) return this.resign();
    this.forget(taskId);
    ports.probe({ type: 'hostTaskLost', host: ports.node, taskId });
  }

  #workOf({ id: key, verb, args, step }: HostTask): Work {
    return { key, verb, args, step, host: this.deps.ports.node, hold: this.hold };
  }

  #save(task: HostTask): boolean {
    const { code: _code, message: _message, ...stored } = task;
    if (!this.deps.storage.saveTask(this.hold, stored)) this.resign();
    else this.#tasks.set(task.id, task);
    return this.#inOffice;
  }
}

/** From wherever its roll-back has come to. */
function recovering(task: HostTask): HostTask {
  switch (task.state) {
    case 'waitrecover':
      return moved(task, 'racquiring', 'recovering');
    case 'recovering':
      return task;
    default:
      return moved(task, 'recovering');
  }
}
