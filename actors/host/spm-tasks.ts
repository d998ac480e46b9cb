import type { LeaseHold } from '../storage-port.js';
import { BAD_PARAMETER, FENCED, ILLEGAL_TASK_MOVE, NOT_SPM, QUEUE_FULL, RECOVERING, TASK_ABORTED, TASK_NOT_FINISHED, TASK_STATE_FORBIDS, TASK_UNKNOWN } from '../wire.js';
import type { AllTasksInfo, Args, StepRef, TaskInfo, TaskStatus } from '../wire.js';
import { done, refused, type Answer } from './answer.js';
import { domainRefusal } from './domain-refusal.js';
import type { JobDone } from './job.js';
import { TaskLives, type TaskLivesDeps } from './task-lives.js';
import { canMove, WIRE_VALUES } from './task-states.js';
import { isOver, statusOf, type HostTask } from './task-status.js';

export interface SpmTasksDeps extends TaskLivesDeps {
  /** How many accepted tasks may wait for a worker. */
  readonly queueLimit: number;
}

export interface TaskSubmission {
  readonly taskId: string;
  readonly verb: string;
  readonly args: Args;
  readonly step: StepRef;
}

/** Answers for the moment, which an SPM gives whatever the task. */
const SAYS_NOTHING: ReadonlySet<number> = new Set([NOT_SPM, RECOVERING, QUEUE_FULL]);

/** What can be asked of an SPM about tasks, in one term of it. When storage says that the lease is lost, {@link inOffice} is false, and all is refused. */
export class SpmTasks {
  readonly #lives: TaskLives;

  constructor(
    private readonly deps: SpmTasksDeps,
    readonly hold: LeaseHold,
  ) {
    this.#lives = new TaskLives(deps, hold);
  }

  get inOffice(): boolean {
    return this.#lives.inOffice;
  }

  /** The SPM stops: what waits for a worker will not begin. */
  leave(): void {
    this.#lives.leave();
  }

  /** @returns the answer, and how long it takes to be given, µs */
  submit({ taskId, verb: verbName, args, step }: TaskSubmission): { readonly answer: Answer; readonly afterUs: number } {
    const at = (answer: Answer, afterUs = 0) => ({ answer, afterUs });
    if (taskId === '') return at(noId());
    if (this.#lives.get(taskId) !== undefined) return at(done({ taskId }));
    const { storage, verbs, ports, queueLimit } = this.deps;
    const { pool } = this.hold;
    const refusal = storage.refusalOf(pool, taskId);
    if (refusal !== null) return at(refused(refusal.code, refusal.message));
    if (storage.fenceOf(pool, taskId) !== null) return at(refused(FENCED, `task ${taskId} is fenced`));
    const verb = verbs.find(verbName);
    if (verb?.kind !== 'spm') return at(refused(BAD_PARAMETER, `there is no SPM verb '${verbName}'`));
    const problem = verb.problemWith(args);
    if (problem !== null) return at(refused(BAD_PARAMETER, `${verbName}: ${problem}`));
    const outOfReach = domainRefusal({ name: verbName, args }, verb, pool, storage);
    if (outOfReach !== null) return at(outOfReach);
    if (this.#lives.isFull(queueLimit)) return at(refused(QUEUE_FULL, `${queueLimit} tasks are waiting for a worker`));
    const plan = verb.plan(args, (purpose) => ports.random(purpose));
    if (plan.kind === 'refuse') return at(this.#refuse(taskId, plan));
    return at(this.#unlessResigned(this.#lives.accept({ id: taskId, verb: verbName, args, step }, plan), done({ taskId })), plan.answerUs);
  }

  /**
   * Asks a task to stop. One that waits is over at once, or when it is rolled back; one that runs goes on until its job returns and is rolled back then. The id of a
   * task that is not known here is fenced, so that a submission still on its way cannot start it.
   */
  stop(taskId: string): Answer {
    return this.#of(taskId, (task) => {
      if (WIRE_VALUES[task.state].taskState !== 'running') return done(null);
      if (task.stopRequested) return refused(TASK_ABORTED, `task ${taskId} is stopping already`);
      return this.#unlessResigned(this.#lives.stop(task), done(null));
    });
  }

  /** Takes back what a task that finished has done, as far as it has registered how. */
  revert(taskId: string): Answer {
    return this.#of(
      taskId,
      (task) => {
        if (!isOver(task)) return refused(TASK_NOT_FINISHED, `task ${taskId} is ${task.state}`);
        if (!canMove(task.state, 'racquiring')) return refused(ILLEGAL_TASK_MOVE, `task ${taskId} is ${task.state}`);
        return this.#unlessResigned(this.#lives.revert(task), done(null));
      },
      unknown,
    );
  }

  /** Fences the id of a task that is not known here, and says whether a host had it. One that is known goes on. */
  fence(taskId: string): Answer {
    return this.#of(
      taskId,
      (task) => done(statusOf(task)),
      () => {
        const wasKnown = this.deps.storage.fenceOf(this.hold.pool, taskId) === 'known';
        return wasKnown ? refused(FENCED, `task ${taskId} was known, and is over`) : this.#fenced(taskId);
      },
    );
  }

  /** Forgets a task that is over, and fences its id; also that of a task that is not known here. */
  clear(taskId: string): Answer {
    const { ports, storage } = this.deps;
    return this.#of(taskId, (task) => {
      if (!isOver(task)) {
        ports.probe({ type: 'hostClearRefused', host: ports.node, taskId, state: task.state });
        return refused(TASK_STATE_FORBIDS, `task ${taskId} is ${task.state}`);
      }
      if (!storage.clearTask(this.hold, taskId)) return this.#leaseLost();
      this.#lives.forget(taskId);
      ports.probe({ type: 'hostTaskCleared', host: ports.node, taskId });
      return done(null);
    });
  }

  statusOf(taskId: string): Answer {
    return this.#of(taskId, (task) => done(statusOf(task)), unknown);
  }

  infoOf(taskId: string): Answer {
    return this.#of(taskId, (task) => done(infoOf(task)), unknown);
  }

  statuses(): readonly TaskStatus[] {
    return this.#lives.all().map(statusOf);
  }

  infos(): AllTasksInfo['tasks'] {
    return this.#lives.all().map(infoOf);
  }

  /** A job has returned, or a roll-back is through. */
  jobDone(done: JobDone): void {
    this.#lives.jobDone(done);
  }

  /** Whatever jobs hung upon is there again. */
  setFree(): void {
    this.#lives.setFree();
  }

  /**
   * For good: whoever offers the id again hears the same, so that a late copy of what was refused cannot start after all. What says nothing about the task is no refusal
   * of it: it may be offered again, and taken.
   */
  #refuse(taskId: string, { code, message }: { readonly code: number; readonly message: string }): Answer {
    if (SAYS_NOTHING.has(code)) return refused(code, message);
    return this.#unlessResigned(this.deps.storage.refuseTask(this.hold, taskId, { code, message }), refused(code, message));
  }

  /** @param absent where there is no such task; default: its id is fenced */
  #of(taskId: string, answer: (task: HostTask) => Answer, absent: (taskId: string) => Answer = () => this.#fenced(taskId)): Answer {
    if (taskId === '') return noId();
    const task = this.#lives.get(taskId);
    return task === undefined ? absent(taskId) : answer(task);
  }

  #fenced(taskId: string): Answer {
    return this.#unlessResigned(this.deps.storage.clearTask(this.hold, taskId), unknown(taskId));
  }

  #unlessResigned(inOffice: boolean, answer: Answer): Answer {
    return inOffice ? answer : this.#leaseLost();
  }

  #leaseLost(): Answer {
    this.#lives.resign();
    return refused(NOT_SPM, 'the SPM lease is lost');
  }
}

function infoOf({ id: taskId, verb }: HostTask): TaskInfo {
  return { taskId, verb };
}

function unknown(taskId: string): Answer {
  return refused(TASK_UNKNOWN, `task ${taskId} is not known`);
}

function noId(): Answer {
  return refused(BAD_PARAMETER, 'a task has an id');
}
