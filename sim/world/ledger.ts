import type { WorkPart } from '../../actors/storage-port.js';
import type { StepRef } from '../../actors/wire.js';
import type { Data } from '../../src/model/data.js';
import type { Effect } from '../../src/model/effect.js';
import type { Table } from './table.js';

/** One change: `+` something is there that was not, `-` something is gone that was there. */
export type SignedEffect = Effect & { readonly sign: '+' | '-' };

/** A part of one execution of a verb, written in the same instant as its effects. */
export interface LedgerEntry extends StepRef {
  /** From 1, without gaps. */
  readonly n: number;
  /** The task id or call key. */
  readonly key: string;
  readonly verb: string;
  readonly host: string;
  /** `begin`: what a task has done at its start; `end`: it is in effect; `undone`: the host has taken back what it could. */
  readonly part: WorkPart | 'undone';
  /** Nobody rolled it back: it was gone when the host died. */
  readonly cause?: 'hostDeath';
  readonly effects: readonly SignedEffect[];
}

/**
 * What was really done outside the engine, for whom: the truth that a command's status is compared with. Append-only, on the hosts' side, and
 * so independent of what the engine believes.
 */
export class Ledger {
  readonly #entries: LedgerEntry[] = [];
  readonly #standing = new Set<string>();
  /** How many of the entries {@link table} has told. */
  #told = 0;

  append(entry: Omit<LedgerEntry, 'n'>): void {
    this.#enter({ n: this.#entries.length + 1, ...entry });
  }

  #enter(entry: LedgerEntry): void {
    this.#entries.push(entry);
    for (const { sign, object } of entry.effects) {
      if (sign === '+') this.#standing.add(object);
      else this.#standing.delete(object);
    }
  }

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  /** Whether somebody's `+` on this object has not been taken back by anybody. */
  stands(object: string): boolean {
    return this.#standing.has(object);
  }

  /** The last execution that made this object. */
  lastThatMade(object: string): LedgerEntry | undefined {
    return this.#entries.findLast(({ effects }) => effects.some((effect) => effect.sign === '+' && effect.object === object));
  }

  /**
   * What remains of all that was done for this command, in the order in which it came about. On one object, `-` cancels the command's own `+`, and
   * `+` its own `-`; a `-` that has nothing to cancel remains as a removal.
   */
  openEffects(commandId: string): readonly SignedEffect[] {
    const open = new Map<string, SignedEffect>();
    for (const entry of this.#entries) {
      if (entry.commandId !== commandId) continue;
      for (const effect of entry.effects) {
        const before = open.get(effect.object);
        if (before === undefined) open.set(effect.object, effect);
        else if (before.sign !== effect.sign) open.delete(effect.object);
      }
    }
    return [...open.values()];
  }

  table(): Table {
    return {
      name: 'ledger',
      takeChanges: () => {
        const fresh = this.#entries.slice(this.#told);
        this.#told = this.#entries.length;
        return fresh.map((entry) => [keyOf(entry), toRow(entry)] as const);
      },
      restore: (rows) => {
        for (const [, row] of rows) this.#enter(row as unknown as LedgerEntry);
        this.#told = this.#entries.length;
      },
    };
  }

  toData(): Data {
    return this.#entries.map(toRow);
  }
}

function toRow({ effects, ...entry }: LedgerEntry): Data {
  return { ...entry, effects: effects.map((effect) => ({ ...effect })) };
}

/** Keys sort as the entries were made. */
function keyOf({ n }: LedgerEntry): string {
  return String(n).padStart(12, '0');
}
