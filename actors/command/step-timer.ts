import type { CommandState } from '../../src/flow/state.js';
import { timeoutDue } from '../../src/flow/timeout.js';
import type { FlowShape } from '../../src/flow/shape.js';
import type { CommandMessage } from '../messages.js';
import type { EnginePorts, Timer } from '../ports.js';

/** The time limit of the step where a command is. It follows from the durable state alone, so it is the same after a crash; what is over by then fires at once. */
export class StepTimer {
  #armed: { readonly index: number; readonly timer: Timer } | null = null;

  constructor(
    private readonly ports: EnginePorts,
    private readonly shape: FlowShape,
    private readonly wakeSelf: (message: CommandMessage) => void,
  ) {}

  /** To be told of each durable state. */
  follow(state: CommandState): void {
    const due = timeoutDue(this.shape, state);
    const index = state.executionIndex;
    if (this.#armed !== null && (due === null || this.#armed.index !== index)) {
      this.#armed.timer.cancel();
      this.#armed = null;
    }
    if (due === null || this.#armed !== null) return;
    const timer = this.ports.after(Math.max(0, due - this.ports.now()), () => this.wakeSelf({ type: 'stepTimedOut', index }));
    this.#armed = { index, timer };
  }
}
