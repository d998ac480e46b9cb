import type { CommandDefinition } from '../src/model/command.js';
import type { EntityReader } from '../src/store/entity-table.js';
import type { Exchange } from './exchange.js';
import type { LockReader } from './locks.js';
import type { JournalMessage, LocksMessage, TaskManagerMessage } from './messages.js';
import type { EnginePorts } from './ports.js';
import type { Ref } from './runtime.js';
import type { EngineSettings } from './settings.js';
import type { Stamp } from './wire.js';

/** What the actors of one engine incarnation share: ports, settings, read-only views of memory, and each other's addresses. */
export interface EngineContext {
  readonly ports: EnginePorts;
  readonly incarnation: number;
  /** The store's. 0: it is no older copy that was accepted. */
  readonly epoch: number;
  readonly settings: EngineSettings;
  readonly definitions: ReadonlyMap<string, CommandDefinition>;
  /** The storage pools that this program knows. */
  readonly pools: ReadonlySet<string>;
  readonly entities: EntityReader;
  readonly lockTable: LockReader;
  readonly exchange: Exchange;
  readonly fences: FenceNumbers;
  /** The stamp of a request that is sent now, on behalf of a command or of none. */
  stamp(commandId: string | null): Stamp;
  readonly journal: Ref<JournalMessage>;
  readonly locks: Ref<LocksMessage>;
  readonly taskManager: Ref<TaskManagerMessage>;
}

/** The durable fence number of each command, for stamping what is sent on its behalf. Each command actor keeps its own entry. */
export class FenceNumbers {
  readonly #numbers = new Map<string, number>();

  set(commandId: string, fence: number): void {
    this.#numbers.set(commandId, fence);
  }

  get(commandId: string): number | null {
    return this.#numbers.get(commandId) ?? null;
  }

  forget(commandId: string): void {
    this.#numbers.delete(commandId);
  }
}
