import type { Probe } from '../../actors/probe.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { SimEvent } from './event.js';
import type { Kernel } from './kernel.js';
import { type DeathHook, Life } from './life.js';
import type { Moment } from './moment.js';
import type { NodeNetwork } from './node-network.js';
import { acquireRuntime, type CapturedRuntime, releaseRuntime } from './runtime-pool.js';

/** Who runs the node. What it is told must not throw. */
export interface NodeOwner {
  probe(node: SimNode, event: Probe): void;
  /** An actor threw, and the node has stopped: a defect of ours. */
  fault(node: SimNode, error: unknown): void;
  /** The node has crashed and what its disk had in flight is settled. To schedule its restart. Part of the crash event, which waits for it. */
  down(node: SimNode): void | Promise<void>;
}

/** A machine of the simulated world: it lives, crashes and lives again. Its actors run on an instance of nact of their own. */
export class SimNode {
  private readonly captured: CapturedRuntime;
  private readonly plans = new Map<number, { readonly when: 'before' | 'after'; readonly act: () => void }[]>();
  private current: Life | null = null;
  private lives: number;
  private operations: number;
  private resumes: SimEvent | null = null;
  private disposed = false;

  /** @param past what an earlier process has seen of it */
  constructor(
    readonly kernel: Kernel,
    readonly network: NodeNetwork,
    readonly name: string,
    private readonly owner: NodeOwner,
    past: { readonly lives: number; readonly operations: number } = { lives: 0, operations: 0 },
  ) {
    this.lives = past.lives;
    this.operations = past.operations;
    this.captured = acquireRuntime();
    kernel.onDispose(() => this.dispose());
    network.attach(name, (message) => this.current?.receive(message) ?? false);
  }

  /** How often it has started. */
  get incarnation(): number {
    return this.lives;
  }

  get up(): boolean {
    return this.current !== null;
  }

  /** The incarnation that runs, if one does. */
  get life(): Life | null {
    return this.current;
  }

  /** How many messages it has sent and disk operations it has issued, over all incarnations. */
  get portOperations(): number {
    return this.operations;
  }

  /** A new incarnation with fresh ports and an actor system of its own. To be called within an event. @throws SeatbeltError `INTERNAL` when it is up. */
  start(): Life {
    if (this.disposed) throw new SeatbeltError('SIMULATION_DISPOSED', `node ${this.name} is of a simulation that has been disposed of`);
    if (this.current !== null) throw new SeatbeltError('INTERNAL', `node ${this.name} is up already`);
    this.lives += 1;
    const life = new Life(this.kernel, this.network, this.captured, this.name, this.lives, {
      operationBegins: () => {
        this.operations += 1;
        this.actAsPlanned('before');
      },
      operationEnds: () => {
        this.actAsPlanned('after');
      },
      probe: (event) => this.owner.probe(this, event),
      fault: (error) => {
        this.die('fault', () => undefined);
        this.owner.fault(this, error);
      },
    });
    this.current = life;
    return life;
  }

  /**
   * Crashes at this instant, within a turn or between two: the ports of the incarnation are dead, its events are gone, and a crash event follows that
   * settles what its disk had in flight and then tells the owner. Without effect when the node is down.
   */
  crash(): void {
    this.die('crash', () => this.owner.down(this));
  }

  /**
   * For `us` µs it stands still, as in a long garbage collection: messages and timers wait until then, or until it is resumed or crashes. One that is paused already
   * stays so until the later of the two. Without effect when it is down.
   */
  pause(us: number): void {
    if (!this.up) return;
    const until = this.kernel.now + us;
    if (this.resumes !== null && this.resumes.time >= until) return;
    if (this.resumes !== null) this.kernel.cancel(this.resumes);
    this.kernel.hold(this.name);
    this.resumes = this.control(until, 'resume', () => this.resume());
  }

  /** Ends a pause. Idempotent. */
  resume(): void {
    this.endPause(false);
  }

  /**
   * Calls `act` at that moment, once; it may crash the node.
   * @throws SeatbeltError `SCHEDULE_IN_PAST` when the run is past that moment, `BAD_TIME` when it is none.
   */
  plan(moment: Moment, act: () => void): void {
    switch (moment.at) {
      case 'event':
        this.kernel.beforeEvent(moment.n, act);
        return;
      case 'time':
        this.control(moment.us, 'planned', act);
        return;
      case 'before':
      case 'after': {
        const { at: when, portOperation } = moment;
        if (!Number.isSafeInteger(portOperation)) throw new SeatbeltError('BAD_TIME', `${this.name}: port operation ${portOperation} is not a whole number`);
        if (portOperation <= this.operations) {
          throw new SeatbeltError('SCHEDULE_IN_PAST', `${this.name}: port operation ${portOperation} is over, ${this.operations} have been issued`);
        }
        this.plans.set(portOperation, [...(this.plans.get(portOperation) ?? []), { when, act }]);
        return;
      }
    }
  }

  /** Crashes at that moment, once, if the node is up then. `crashes` is called just before. @throws as {@link plan} */
  planCrash(moment: Moment, crashes: () => void = () => undefined): void {
    this.plan(moment, () => {
      if (!this.up) return;
      crashes();
      this.crash();
    });
  }

  private actAsPlanned(when: 'before' | 'after'): void {
    for (const plan of this.plans.get(this.operations) ?? []) if (plan.when === when) plan.act();
  }

  /** Stops it for good and gives its instance of nact back. */
  private dispose(): void {
    this.disposed = true;
    this.current?.end();
    this.current = null;
    releaseRuntime(this.captured);
  }

  /** @param dies what has come to it meanwhile is gone with it */
  private endPause(dies: boolean): void {
    if (this.resumes === null) return;
    this.kernel.cancel(this.resumes);
    this.resumes = null;
    this.kernel.release(this.name, dies);
  }

  private die(why: string, after: () => void | Promise<void>): void {
    const life = this.current;
    if (life === null) return;
    this.current = null;
    const hooks: readonly DeathHook[] = life.end();
    this.endPause(true);
    const settles = hooks.map((hook) => hook());
    this.control(this.kernel.now, why, async () => {
      for (const settle of settles) await settle();
      await after();
    });
  }

  private control(at: number, label: string, run: () => void | Promise<void>): SimEvent {
    return this.kernel.schedule(at, { kind: 'control', node: this.name, incarnation: 0, label, content: this.lives, background: false, run });
  }
}
