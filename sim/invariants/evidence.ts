import type { TaskStatus, WireMessage } from '../../actors/wire.js';
import type { Outcome } from '../../src/model/outcome.js';
import { engineTask } from './engine-task.js';

/** What was told of one task. */
interface Told {
  /** `result/code` of the ends. */
  readonly ends: Set<string>;
  /** The codes with which its submission was refused. */
  readonly refusals: Set<number>;
  /** Of its submissions. */
  readonly correlations: Set<string>;
  /** The ids that hosts have made for it. */
  readonly names: Set<string>;
}

/** What hosts have told engines of tasks: nothing else lets an engine conclude that one has ended. Of a task that the engine has no record of, nothing is concluded and nothing kept. */
export class Evidence {
  readonly #told = new Map<string, Told>();
  /** By correlation, which task a submission is of. */
  readonly #submissions = new Map<string, string>();
  /** By the id that its host has made, what the engine calls a task. */
  readonly #named = new Map<string, string>();
  #heard = false;

  /** @param hasRecord whether the engine has a record of this task */
  constructor(private readonly hasRecord: (taskId: string) => boolean) {}

  /** How many things are kept. */
  get size(): number {
    return this.#told.size + this.#submissions.size + this.#named.size;
  }

  /** To be shown every message that arrives. */
  message(message: WireMessage): void {
    this.#heard = true;
    if (message.kind === 'request') {
      if (message.body.op === 'submitTask') this.#isSubmitted(engineTask({ id: message.body.taskId ?? '', step: message.body.step }), message.correlation);
      return;
    }
    if (message.kind === 'event') return this.#ended(message.body.status);
    const submitted = this.#submissions.get(message.correlation);
    if (submitted !== undefined && message.code !== 0) this.#of(submitted)?.refusals.add(message.code);
    if (submitted !== undefined && message.code === 0) this.#isNamed(submitted, madeBy(message.result));
    for (const status of statusesIn(message.result)) if (status.taskState === 'finished') this.#ended(status);
  }

  /** The engine has no record of it any more: whatever is still told of it says nothing to anybody. */
  forget(taskId: string): void {
    const told = this.#told.get(taskId);
    this.#told.delete(taskId);
    for (const correlation of told?.correlations ?? []) this.#submissions.delete(correlation);
    for (const name of told?.names ?? []) this.#named.delete(name);
  }

  /** What is wrong with a task having ended like this, in words; null: the engine was told, or it is not for hosts to tell. */
  flaw(taskId: string, outcome: Outcome): string | null {
    // Who is shown no messages has no evidence against anything.
    if (!this.#heard) return null;
    const told = this.#told.get(taskId);
    switch (outcome.kind) {
      case 'failed':
        return told?.ends.has(`cleanSuccess/${outcome.code}`) === true || told?.ends.has(`cleanFailure/${outcome.code}`) === true ? null : `nobody has told the engine that it failed with ${outcome.code}`;
      case 'refused':
        return told?.refusals.has(outcome.code) === true ? null : `nobody has refused it with ${outcome.code}`;
      default:
        return null;
    }
  }

  #isSubmitted(taskId: string, correlation: string): void {
    const told = this.#of(taskId);
    if (told === null) return;
    told.correlations.add(correlation);
    this.#submissions.set(correlation, taskId);
  }

  #isNamed(taskId: string, name: string | null): void {
    const told = name === null ? null : this.#of(taskId);
    if (name === null || told === null) return;
    told.names.add(name);
    this.#named.set(name, taskId);
  }

  #ended({ taskId, taskResult, code }: TaskStatus): void {
    this.#of(this.#named.get(taskId) ?? taskId)?.ends.add(`${taskResult}/${code}`);
  }

  #of(taskId: string): Told | null {
    const known = this.#told.get(taskId);
    if (known !== undefined) return known;
    if (!this.hasRecord(taskId)) return null;
    const told: Told = { ends: new Set(), refusals: new Set(), correlations: new Set(), names: new Set() };
    this.#told.set(taskId, told);
    return told;
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
