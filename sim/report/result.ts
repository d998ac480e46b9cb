import type { CommandStatus, HistoryEntry, OperatorEntry } from '../../src/flow/state.js';
import type { FamilyExisting } from '../../src/flow/family-exists.js';
import type { Effect } from '../../src/model/effect.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { TaskState } from '../../src/model/task.js';

/** One command at the end of a run. */
export interface CommandResult {
  readonly id: string;
  readonly type: string;
  /** The command that started this one as a child. */
  readonly parentId: string | null;
  readonly status: CommandStatus;
  /** Handler names, in order. */
  readonly handlers: readonly string[];
  readonly executionIndex: number;
  /** Its committed callbacks, in the order of their commits; `t` in µs. */
  readonly history: readonly HistoryEntry[];
  /** Keys of the locks that it still holds. */
  readonly locks: readonly string[];
  /** Effects that a rollback left on purpose. */
  readonly residue: readonly Effect[];
  /** What operators did with it while it was held. */
  readonly operator: readonly OperatorEntry[];
  /** Of one that is held, or that an operator closed: what there is of each step that is not undone, its own first, and then its dependent children's. */
  readonly exists: readonly FamilyExisting[];
  readonly error?: ErrorRecord;
  /** Why it is held, if it is: the error of what could not be undone or go on. */
  readonly heldBy?: ErrorRecord;
  /** Children that are held; it waits for them. */
  readonly heldChildren?: readonly string[];
}

/** A task that the run saw, and what became of it. */
export interface TaskResult {
  readonly id: string;
  readonly commandId: string;
  readonly executionIndex: number;
  readonly verb: string;
  /** Null if no host acknowledged it. */
  readonly host: string | null;
  /** `Cleared`: cleared on its host and forgotten by the engine. */
  readonly state: TaskState | 'Cleared';
  /** The kind of its outcome; null while there is none. */
  readonly result: string | null;
}

export interface HostResult {
  readonly id: string;
  /** The storage pool that it belongs to. */
  readonly pool: string;
  readonly role: 'SPM' | 'Contend' | 'Free';
  readonly up: boolean;
}

/** How long a root command took, from when it had its locks and nothing was down or healed any more, and how long it may. */
export interface LongestCommand {
  readonly commandId: string;
  readonly tookMs: number;
  readonly boundMs: number;
  /** What the bound is made of, ms each (docs/invariants.md). */
  readonly terms: { readonly [name: string]: number };
}

/** What became of messages, but for those that arrived as they should. */
export interface NetworkResult {
  /** Lost by chance, or by a fault that was meant for them. */
  readonly lost: number;
  /** Lost since two nodes were cut off from each other. */
  readonly cutOff: number;
  /** Arrived where nobody was up. */
  readonly unreceived: number;
  /** Arrived more than once. */
  readonly duplicated: number;
  /** Held up by a fault. */
  readonly delayed: number;
}

export interface InvariantResult {
  readonly name: string;
  readonly held: boolean;
  /** Of a broken one: what was found, and where. */
  readonly detail?: string;
}

/** What a run came to: a function of scenario and seed alone. */
export interface RunResult {
  readonly scenario: string;
  readonly seed: number;
  /** 16 hex digits: the same for the same scenario and seed, on any machine and either disk. Of a run that was resumed, of what the last process did. */
  readonly traceHash: string;
  readonly events: number;
  readonly virtualTimeMs: number;
  /** When all faults ended, µs; null: they have not been ended. */
  readonly healedAt: number | null;
  /** How often the engine was started again after a crash. */
  readonly recoveries: number;
  /** How often another process went on with the run. */
  readonly resumptions: number;
  readonly commands: readonly CommandResult[];
  readonly tasks: readonly TaskResult[];
  readonly hosts: readonly HostResult[];
  readonly network: NetworkResult;
  readonly invariants: readonly InvariantResult[];
  /** Of the commands that have ended or are held, the one that came closest to what it may take from when no fault was in force any more; null: none has. */
  readonly longest: LongestCommand | null;
  /** Faults of the scenario that did not happen. */
  readonly unused: readonly UnusedFault[];
}

/** A fault that was planned, and whose moment did not come; or it came while the engine was down. */
export interface UnusedFault {
  /** Its place in the scenario's `faults`, from 0. */
  readonly fault: number;
  /** What it was, in words. */
  readonly what: string;
}

/** What `run --json` prints: the result, and how long it took by the wall clock. */
export interface RunReport extends RunResult {
  readonly wallTimeMs: number;
}

/** Whether every invariant held: what the exit code says. */
export function held(result: RunResult): boolean {
  return result.invariants.every((invariant) => invariant.held);
}
