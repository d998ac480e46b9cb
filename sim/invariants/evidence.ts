import type { TaskStatus, WireMessage } from '../../actors/wire.js';
import type { Outcome } from '../../src/model/outcome.js';
import { engineTask } from './engine-task.js';

/** What hosts have told engines of tasks: nothing else lets an engine conclude that one has ended. */
export class Evidence {
  /** By task, `result/code` of the ends that were told. */
  readonly #ends = new Map<string, Set<string>>();
  /** By task, the codes with which its submission was refused. */
  readonly #refusals = new Map<string, Set<number>>();
  /** By sender and correlation, which task a submission under way is of. */
  readonly #submissions = new Map<string, string>();
  /** By the id that its host has made, what the engine calls a task. */
  readonly #named = new Map<string, string>();
  #heard = false;

  /** To be shown every message that arrives. */
  message(message: WireMessage): void {
    this.#heard = true;
    if (message.kind === 'request') {
      if (message.body.op === 'submitTask') this.#submissions.set(message.correlation, engineTask({ id: message.body.taskId ?? '', step: message.body.step }));
      return;
    }
    if (message.kind === 'event') {
      const { taskId, taskResult, code } = message.body.status;
      return add(this.#ends, taskId, `${taskResult}/${code}`);
    }
    const submitted = this.#submissions.get(message.correlation);
    if (submitted !== undefined && message.code !== 0) add(this.#refusals, submitted, message.code);
    if (submitted !== undefined && message.code === 0) this.#named.set(madeBy(message.result) ?? submitted, submitted);
    for (const { taskId, taskState, taskResult, code } of statusesIn(message.result)) {
      if (taskState === 'finished') add(this.#ends, this.#named.get(taskId) ?? taskId, `${taskResult}/${code}`);
    }
  }

  /** What is wrong with a task having ended like this, in words; null: the engine was told, or it is not for hosts to tell. */
  flaw(taskId: string, outcome: Outcome): string | null {
    // Who is shown no messages has no evidence against anything.
    if (!this.#heard) return null;
    switch (outcome.kind) {
      case 'failed':
        return this.#isTold(taskId, outcome.code) ? null : `nobody has told the engine that it failed with ${outcome.code}`;
      case 'refused':
        return this.#refusals.get(taskId)?.has(outcome.code) === true ? null : `nobody has refused it with ${outcome.code}`;
      default:
        return null;
    }
  }

  #isTold(taskId: string, code: number): boolean {
    const ends = this.#ends.get(taskId);
    return ends !== undefined && (ends.has(`cleanSuccess/${code}`) || ends.has(`cleanFailure/${code}`));
  }
}

/** The id that a host has made for what was submitted; null: it makes none. */
function madeBy(result: unknown): string | null {
  return typeof result === 'object' && result !== null && 'uuid' in result ? String(result.uuid) : null;
}

/** The statuses of tasks in a host's answer, whatever was asked. */
export function statusesIn(result: unknown): readonly TaskStatus[] {
  if (typeof result !== 'object' || result === null) return [];
  if ('taskState' in result) return [result as TaskStatus];
  return 'tasks' in result && Array.isArray(result.tasks) ? (result.tasks as readonly TaskStatus[]) : [];
}

function add<T>(to: Map<string, Set<T>>, key: string, value: T): void {
  const known = to.get(key);
  if (known === undefined) to.set(key, new Set([value]));
  else known.add(value);
}
