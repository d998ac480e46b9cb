import { SeatbeltError } from '../../src/model/errors.js';
import type { TaskStatus } from '../wire.js';

/**
 * From which states of a task each other is reached: vdsm's table. `preparing` to `acquiring` are of a submission that is being answered, `queued` and `running`
 * of the job, `aborting` of its end, and those from `waitrecover` on of the roll-back.
 */
const REACHED_FROM = {
  init: [],
  preparing: ['init', 'blocked'],
  blocked: ['preparing'],
  acquiring: ['preparing', 'acquiring'],
  queued: ['acquiring', 'running'],
  running: ['queued'],
  finished: ['running', 'preparing'],
  aborting: ['preparing', 'blocked', 'acquiring', 'queued', 'running'],
  waitrecover: ['aborting'],
  racquiring: ['aborting', 'finished', 'racquiring', 'waitrecover'],
  recovering: ['racquiring'],
  recovered: ['recovering'],
  raborting: ['racquiring', 'recovering', 'waitrecover'],
  failed: ['recovering', 'aborting', 'raborting'],
} as const;

export type TaskState = keyof typeof REACHED_FROM;

export const TASK_STATES = Object.keys(REACHED_FROM) as readonly TaskState[];

export function canMove(from: TaskState, to: TaskState): boolean {
  const origins: readonly TaskState[] = REACHED_FROM[to];
  return origins.includes(from);
}

/** The task where the path ends. @throws SeatbeltError `INTERNAL` vdsm does not know one of the moves (its code 441) */
export function moved<T extends { readonly id: string; readonly state: TaskState }>(task: T, ...path: readonly [TaskState, ...TaskState[]]): T {
  return path.reduce<T>((at, state) => {
    if (!canMove(at.state, state)) throw new SeatbeltError('INTERNAL', `task ${at.id} cannot move from ${at.state} to ${state} (441)`);
    return { ...at, state };
  }, task);
}

type OnTheWire = Pick<TaskStatus, 'taskState' | 'taskResult'>;

const RUNNING: OnTheWire = { taskState: 'running', taskResult: '' };
const ABORTING: OnTheWire = { taskState: 'aborting', taskResult: '' };
const CLEANING: OnTheWire = { taskState: 'cleaning', taskResult: '' };

/** What is told of each state. */
export const WIRE_VALUES = {
  init: { taskState: 'init', taskResult: '' },
  preparing: RUNNING,
  blocked: RUNNING,
  acquiring: RUNNING,
  queued: RUNNING,
  running: RUNNING,
  aborting: ABORTING,
  raborting: ABORTING,
  waitrecover: CLEANING,
  racquiring: CLEANING,
  recovering: CLEANING,
  finished: { taskState: 'finished', taskResult: 'success' },
  recovered: { taskState: 'finished', taskResult: 'cleanSuccess' },
  failed: { taskState: 'finished', taskResult: 'cleanFailure' },
} as const satisfies { readonly [state in TaskState]: OnTheWire };

/** The states in which a task is over for good. */
export type EndState = 'finished' | 'recovered' | 'failed';

export function isEnd(state: TaskState): state is EndState {
  return state === 'finished' || state === 'recovered' || state === 'failed';
}
