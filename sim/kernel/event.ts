/** A message's delivery to an actor, a node's timer, a message's arrival at a node, the end of a disk operation, or an act upon the system. */
export type EventKind = 'deliver' | 'timer' | 'network' | 'disk' | 'control';

export interface EventSpec {
  readonly kind: EventKind;
  /** The node that it happens at; `''` when at none. */
  readonly node: string;
  /** The incarnation it belongs to, and dies with; 0 when it survives the node's crashes. */
  readonly incarnation: number;
  /** A few words for the trace. */
  readonly label: string;
  /** What else tells this event from another: it goes into the trace hash, by its structure, when the event runs. */
  readonly content: unknown;
  /** Does not keep a run going by itself. */
  readonly background: boolean;
  /**
   * What happens. A promise is awaited before the next event runs, except for `deliver`: an actor's turn may well wait for a later event. Rejecting
   * or throwing is a defect and ends the run.
   */
  readonly run: () => void | Promise<void>;
}

/** `held`: its node is paused. */
export type EventState = 'timed' | 'ready' | 'held' | 'done' | 'cancelled';

/** An event under its number. */
export class SimEvent {
  state: EventState = 'timed';

  constructor(
    /** Unique and growing in the order of scheduling, from 1. */
    readonly seq: number,
    /** Virtual time in whole µs; when it was held beyond that, the time at which it was let go. */
    public time: number,
    readonly spec: EventSpec,
  ) {}
}
