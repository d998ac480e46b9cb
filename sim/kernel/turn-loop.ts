import { SeatbeltError } from '../../src/model/errors.js';

// What the simulator uses of the host's event loop and clock, captured at import: fake timers of a test must not stop a simulation. None of this
// decides what happens in a run, only when the process gets round to it.
const { nextTick } = process;
const { setImmediate: hostSetImmediate, setTimeout: hostSetTimeout, clearTimeout: hostClearTimeout } = globalThis;
const wallMs = performance.now.bind(performance);
const resolved = Promise.resolve();

/** How long, in ms of wall time, events may follow each other before timers and input of the process get their turn. */
const YIELD_MS = 10;
/** Reading the clock costs as much as a small event; so not before each. */
const EVENTS_PER_LOOK = 32;

/** What a turn loop drives. */
export interface TurnMachine {
  /**
   * Runs the next event, if the loop is to go on. `true`: done, `false`: the loop is over, a promise: the event is over when this resolves.
   * What it throws or rejects with ends the loop.
   */
  runNext(): boolean | Promise<void>;
  /** How many callbacks of users are under way that wait for nothing the simulation knows of. The next event has to wait for them. */
  openCallbacks(): number;
  /** What the loop is waiting for, for an error. */
  waitsFor(): string;
}

/**
 * Runs one event after the other, each only when all microtasks of the one before are drained.
 *
 * Node runs what `nextTick` was given in a microtask only once the microtask queue is empty, so "one microtask that asks for a tick" is the cheapest
 * way to learn that; a tick asked for by a tick would come too early.
 * @param blockedAfterMs wall time after which an event or a callback counts as blocked.
 * @throws SeatbeltError `TURN_BLOCKED` when one waits for something that does not come about by itself: something outside the simulation, or, in an
 *   event that is awaited, a later event.
 */
export function driveTurns(machine: TurnMachine, blockedAfterMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let countdown = EVENTS_PER_LOOK;
    let yieldAt = wallMs() + YIELD_MS;
    let blockedAt = 0;

    const whenDrained = (): void => nextTick(turn);

    const turn = (): void => {
      try {
        if (machine.openCallbacks() > 0) return awaitCallbacks();
        countdown -= 1;
        if (countdown === 0) {
          countdown = EVENTS_PER_LOOK;
          if (wallMs() >= yieldAt) return yieldToHost();
        }
        const ran = machine.runNext();
        if (ran === true) void resolved.then(whenDrained);
        else if (ran === false) resolve();
        else awaitEvent(ran);
      } catch (error) {
        reject(error as Error);
      }
    };

    const yieldToHost = (): void => {
      hostSetImmediate(() => {
        yieldAt = wallMs() + YIELD_MS;
        turn();
      });
    };

    const awaitEvent = (ended: Promise<void>): void => {
      const alarm = hostSetTimeout(() => reject(blocked()), blockedAfterMs);
      const disarm = (): void => hostClearTimeout(alarm);
      ended.then(whenDrained, reject).then(disarm, disarm);
    };

    const awaitCallbacks = (): void => {
      blockedAt = wallMs() + blockedAfterMs;
      hostSetImmediate(poll);
    };

    const poll = (): void => {
      if (machine.openCallbacks() === 0) turn();
      else if (wallMs() < blockedAt) hostSetImmediate(poll);
      else reject(blocked());
    };

    const blocked = (): SeatbeltError => {
      const why = 'for something that the simulation does not bring about (a timer, real I/O, a promise that nobody resolves)';
      return new SeatbeltError('TURN_BLOCKED', `${machine.waitsFor()} has waited for ${blockedAfterMs} ms ${why}`);
    };

    void resolved.then(whenDrained);
  });
}
