import { isTerminal, type CommandStatus } from '../../src/flow/state.js';
import type { Probe } from '../../actors/probe.js';
import { tableOfData, type Table } from './table.js';
import { TrackedMap } from './tracked-map.js';

/** A command as far as the client's timetable is concerned; µs. */
export interface Appointment {
  readonly id: string;
  readonly at: number;
  readonly cancelAt?: number;
}

/** What the client is still to do about a command, and when, µs. */
export type Errand =
  | { readonly act: 'submit' | 'cancel'; readonly id: string; readonly at: number }
  /** It was acknowledged before: only its end is to be heard of. */
  | { readonly act: 'watch'; readonly id: string; readonly at: number };

/** What the client of a run has heard from the engine. It outlives the process, so that another client knows what is left to do. */
export class Agenda {
  readonly #commands = new TrackedMap<string, 'acknowledged' | 'over'>();
  readonly #cancels = new TrackedMap<string, true>();
  /** Operators' actions that were answered, by command and request. */
  readonly #operations = new TrackedMap<string, true>();

  tables(): readonly Table[] {
    return [tableOfData('client-command', this.#commands), tableOfData('client-cancel', this.#cancels), tableOfData('client-operation', this.#operations)];
  }

  /** To be shown every probe. */
  probe(probe: Probe): void {
    if (probe.type === 'cancelAnswered') this.#cancels.set(probe.commandId, true);
    if (probe.type === 'operateAnswered') this.#operations.set(operationKey(probe), true);
    if (probe.type !== 'clientTold') return;
    const over = probe.status === null || isTerminal(probe.status as CommandStatus);
    const before = this.#commands.get(probe.commandId);
    if (before !== 'over' && (over || before === undefined)) this.#commands.set(probe.commandId, over ? 'over' : 'acknowledged');
  }

  /**
   * What is left to do at `now`. What was missed is done at once; what an unacknowledged command was to be asked later comes as long after its submission
   * as planned. Commands that are not among the appointments, and were acknowledged, are watched.
   */
  errands(appointments: readonly Appointment[], now: number): readonly Errand[] {
    const planned = new Set(appointments.map(({ id }) => id));
    const others = [...this.#commands].filter(([id, heard]) => heard === 'acknowledged' && !planned.has(id));
    return [...appointments.flatMap((appointment) => this.#errandsFor(appointment, now)), ...others.map(([id]) => ({ act: 'watch' as const, id, at: now }))];
  }

  /** Whether an operator's action was answered, and so need not be passed on again. */
  isAnswered(operation: OperationRef): boolean {
    return this.#operations.has(operationKey(operation));
  }

  #errandsFor({ id, at, cancelAt }: Appointment, now: number): readonly Errand[] {
    const heard = this.#commands.get(id);
    if (heard === 'over') return [];
    const submitted = Math.max(at, now);
    const first: Errand = heard === undefined ? { act: 'submit', id, at: submitted } : { act: 'watch', id, at: now };
    if (cancelAt === undefined || this.#cancels.has(id)) return [first];
    const delay = heard === undefined ? submitted - at : 0;
    return [first, { act: 'cancel', id, at: Math.max(cancelAt + delay, now) }];
  }
}

interface OperationRef {
  readonly commandId: string;
  readonly requestId: string;
}

function operationKey({ commandId, requestId }: OperationRef): string {
  return `${commandId}/${requestId}`;
}
