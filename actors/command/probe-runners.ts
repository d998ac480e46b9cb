import { beingProbed } from '../../src/flow/probing.js';
import type { CommandState, Probing, TaskItem } from '../../src/flow/state.js';
import type { CallSlot } from './call-slot.js';
import type { CallbackRunner } from './callback-runner.js';

/** Asks the handler about those tasks of a step of which no host can tell what became of them: of each beside the others, and beside the rest of the step's work. */
export class ProbeRunners {
  readonly #runners = new Map<CallSlot, { readonly runner: CallbackRunner; readonly task: string; probing: Probing }>();

  constructor(private readonly runnerFor: (slot: CallSlot) => CallbackRunner) {}

  in(slot: CallSlot): CallbackRunner | undefined {
    return this.#runners.get(slot)?.runner;
  }

  /** @param index the step's @param item one that {@link beingProbed} tells of */
  schedule(index: number, { id: task, probing }: TaskItem): void {
    if (probing === undefined) return;
    const slot: CallSlot = `probe-${task}`;
    const known = this.#runners.get(slot) ?? { runner: this.runnerFor(slot), task, probing };
    known.probing = probing;
    this.#runners.set(slot, known);
    known.runner.schedule({ callback: 'probe', index, attempt: probing.attempt, notBefore: probing.notBefore, task });
  }

  /** To be told of each durable state: a run that is over there is void. */
  follow(state: CommandState): void {
    const due = new Map(beingProbed(state).map(({ id, probing }) => [id, probing]));
    for (const [slot, { runner, task, probing }] of this.#runners) {
      if (due.get(task) === probing) continue;
      runner.forgo();
      this.#runners.delete(slot);
    }
  }
}
