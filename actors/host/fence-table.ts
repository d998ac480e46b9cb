import type { Data } from '../../src/model/data.js';
import type { Stamp } from '../wire.js';

/** What a fence table remembers: kept by whoever is to remember it for longer than the table lives. */
export interface FenceMemory {
  /** `incarnation`: the highest of the engine that was seen. */
  readonly engine: Map<'incarnation', number>;
  /** By command, the highest fence number that was seen. */
  readonly commands: Map<string, number>;
}

/** The highest incarnation and fence numbers seen, by which requests from the past are told. */
export class FenceTable {
  constructor(private readonly seen: FenceMemory = { engine: new Map(), commands: new Map() }) {}

  /** False if the request is over: an older incarnation sent it, or its command has since given up what it asks for. Equal ones are in order. */
  admit(stamp: Stamp): boolean {
    const { engine, commands } = this.seen;
    const incarnation = engine.get('incarnation') ?? 0;
    if (stamp.incarnation < incarnation) return false;
    if (stamp.incarnation > incarnation) engine.set('incarnation', stamp.incarnation);
    if (stamp.fence === null) return true;
    const { commandId, number } = stamp.fence;
    const known = commands.get(commandId);
    if (known !== undefined && number < known) return false;
    if (number !== known) commands.set(commandId, number);
    return true;
  }

  toData(): Data {
    const { engine, commands } = this.seen;
    return { incarnation: engine.get('incarnation') ?? 0, numbers: [...commands].sort(([a], [b]) => (a < b ? -1 : 1)) };
  }
}
