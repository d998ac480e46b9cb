import { preparing } from '../../src/flow/before-retry.js';
import type { CleanUp, CommandState, TaskItem } from '../../src/flow/state.js';
import { retrySlot, type CallSlot } from './call-slot.js';
import type { CallbackRunner } from './callback-runner.js';

/** Runs `beforeRetry` for those tasks of a step that are about to be tried again: each beside the others, and beside the rest of the step's work. */
export class CleanUpRunners {
  readonly #runners = new Map<CallSlot, { readonly runner: CallbackRunner; cleanUp: CleanUp | null }>();

  constructor(private readonly runnerFor: (slot: CallSlot) => CallbackRunner) {}

  in(slot: CallSlot): CallbackRunner | undefined {
    return this.#runners.get(slot)?.runner;
  }

  /** @param index the step's @param item one that {@link preparing} tells of */
  schedule(index: number, { id: task, ordinal, cleanUp }: TaskItem): void {
    if (cleanUp?.at !== 'callback') return;
    const slot = retrySlot({ ordinal });
    const known = this.#runners.get(slot) ?? { runner: this.runnerFor(slot), cleanUp };
    known.cleanUp = cleanUp;
    this.#runners.set(slot, known);
    known.runner.schedule({ callback: 'beforeRetry', index, attempt: cleanUp.attempt, notBefore: cleanUp.notBefore, task });
  }

  /** To be told of each durable state: a run that is over there, or given up, is void. */
  follow(state: CommandState): void {
    const due = new Map(preparing(state).map((item) => [retrySlot(item), item.cleanUp]));
    for (const [slot, known] of this.#runners) {
      if (known.cleanUp === null || due.get(slot) === known.cleanUp) continue;
      known.cleanUp = null;
      known.runner.forgo();
    }
  }
}
