import type { Timer } from '../../actors/ports.js';
import type { Kernel } from '../kernel/kernel.js';

/** Time as the world has it, which goes on whatever becomes of a node. */
export interface WorldClock {
  /** µs */
  now(): number;
  after(delayUs: number, act: () => void): Timer;
}

/** @param label what the trace calls it when its time has come */
export function worldClock(kernel: Kernel, label: string): WorldClock {
  return {
    now: () => kernel.now,
    after: (delayUs, act) => {
      const event = kernel.schedule(kernel.now + delayUs, { kind: 'timer', node: '', incarnation: 0, label, content: null, background: false, run: act });
      return { cancel: () => kernel.cancel(event) };
    },
  };
}
