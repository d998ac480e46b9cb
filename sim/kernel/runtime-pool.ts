import { type ActorRuntime, createActorRuntime } from '../../actors/runtime.js';

/** Who takes the turns that an instance of nact asks for. */
export interface TurnSink {
  deliver(turn: () => void, actor: string | null, message: unknown): unknown;
  cancelTurn(handle: unknown): void;
  after(delayMs: number, wake: () => void): unknown;
  cancelTimer(handle: unknown): void;
  random(): number;
  /** Milliseconds. */
  now(): number;
  log(text: string): void;
}

/** An instance of nact on loan. While `sink` is null, whatever it asks for is dropped. */
export class CapturedRuntime {
  sink: TurnSink | null = null;
  readonly runtime: ActorRuntime = createActorRuntime({
    setImmediate: (turn, actor, message) => this.sink?.deliver(turn, actor, message),
    clearImmediate: (handle) => this.sink?.cancelTurn(handle),
    setTimeout: (wake, delayMs) => this.sink?.after(delayMs, wake),
    clearTimeout: (handle) => this.sink?.cancelTimer(handle),
    random: () => this.sink?.random() ?? 0,
    now: () => this.sink?.now() ?? 0,
    log: (text) => this.sink?.log(text),
  });
}

// Instances are dear to make and, once compiled to machine code, dear to throw away: the nodes of one simulation leave theirs to those of the next.
const idle: CapturedRuntime[] = [];
const MAX_IDLE = 64;

export function acquireRuntime(): CapturedRuntime {
  return idle.pop() ?? new CapturedRuntime();
}

/** All actor systems of the instance must have been stopped. */
export function releaseRuntime(captured: CapturedRuntime): void {
  captured.sink = null;
  if (idle.length < MAX_IDLE) idle.push(captured);
}
