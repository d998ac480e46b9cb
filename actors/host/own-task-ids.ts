import { BAD_PARAMETER } from '../wire.js';
import { done, refused, type Answer } from './answer.js';
import type { SpmRequest } from './spm-request.js';
import type { SpmTasks } from './spm-tasks.js';

/**
 * Of which of our checks a pool's hosts are capable. Hosts that take the engine's ids have all of them; vdsm, which makes its own ids, has none but the last.
 *
 * | check | ids of the engine | ids of their own |
 * |---|---|---|
 * | a submission that is repeated is answered with the task that there is | yes | no: another task |
 * | ids that were stopped, cleared or fenced stay refused | yes | no id comes twice |
 * | requests to the SPM of an earlier incarnation or fence number are refused | yes | no |
 * | the list says whether it is whole, and of which term it is | yes | no |
 * | a message that is older than `maxMessageAge` is not handled | no need | yes: their network's promise |
 */
export interface HostChecks {
  /** Whether hosts take the ids that the engine gives its tasks. */
  readonly clientTaskIds: boolean;
  /** µs. What has been on its way, or waiting for the host, for longer is not handled at all, as if it were lost. Null: without limit. */
  readonly maxMessageAgeUs: number | null;
}

export const ALL_CHECKS: HostChecks = { clientTaskIds: true, maxMessageAgeUs: null };

/** One term of an SPM that makes its own task ids. No other term of any host of the pool makes one of them. */
export class OwnTaskIds {
  #made = 0;

  constructor(
    private readonly host: string,
    private readonly generation: number,
  ) {}

  /** @param later gives an answer when so many µs have passed @returns null: it is answered later */
  answer(tasks: SpmTasks, request: SpmRequest, later: (answer: Answer, us: number) => null): Answer | null {
    switch (request.op) {
      case 'submitTask':
        return this.#submit(tasks, request, later);
      case 'getAllTasksStatuses':
        return done({ tasks: tasks.statuses() });
      case 'getAllTasksInfo':
        return done({ tasks: tasks.infos() });
      case 'getTaskStatus':
        return tasks.statusOf(request.taskId);
      case 'getTaskInfo':
        return tasks.infoOf(request.taskId);
      case 'revertTask':
        return tasks.revert(request.taskId);
      case 'stopTask':
        return tasks.stop(request.taskId);
      case 'clearTask':
        return tasks.clear(request.taskId);
      case 'fenceTask':
        return refused(BAD_PARAMETER, 'there is no such verb as fenceTask');
    }
  }

  /** Another task, whatever it is called on the other side. */
  #submit(tasks: SpmTasks, request: Extract<SpmRequest, { op: 'submitTask' }>, later: (answer: Answer, us: number) => null): Answer | null {
    if (request.taskId !== null) return refused(BAD_PARAMETER, 'submitTask: this host makes its own task ids');
    this.#made += 1;
    const uuid = `${this.host}-${this.generation}-${this.#made}`;
    const { answer, afterUs } = tasks.submit({ ...request, taskId: uuid });
    const named = answer.code === 0 ? done({ uuid }) : answer;
    return afterUs === 0 ? named : later(named, afterUs);
  }
}
