import type { WireMessage } from '../../actors/wire.js';
import { tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';
import type { FaultPart } from './fault-part.js';

/** Which messages are meant, and what becomes of them. */
export interface MessageRule {
  readonly from?: string;
  readonly to?: string;
  /** What is asked, or what is answered. */
  readonly op?: string;
  readonly reply?: boolean;
  /** Which of those, from 1; default: each. */
  readonly nth?: number;
  readonly does: Interference;
}

export type Interference =
  | { readonly what: 'drop' }
  /** It arrives once more, so many µs later. */
  | { readonly what: 'duplicate'; readonly after: number }
  /** It arrives so many µs later. */
  | { readonly what: 'delay'; readonly by: number };

/** Nodes that cannot reach each other: all that `from` sends to `to`, null being all others, is lost; and all that comes back, unless it is `oneWay`. */
export type Partition = { readonly from: string; readonly to: string | null; readonly oneWay: boolean };

/** A partition that is in force, and when it ends, µs. */
export type PartitionInForce = Partition & { readonly until: number };

/** What is done to messages on purpose: partitions, and rules for single messages. It counts over the whole run and survives every node. */
export class NetworkFaults implements FaultPart {
  /** By the fault's place in the scenario. */
  readonly #partitions = new TrackedMap<string, PartitionInForce>();
  /** `seen/N` counts the messages that fitted rule N; `done/N` is there when it was applied. */
  readonly #counts = new TrackedMap<string, number>();
  /** What was asked, by who asked and under which number; kept only if a rule is about the answers to something. */
  readonly #asked = new Map<string, string>();
  readonly #keepsOps: boolean;
  #healed = false;

  /** @param nodeOf who has this name now, which may be that of a role; null: nobody */
  constructor(
    private readonly rules: readonly MessageRule[],
    private readonly nodeOf: (name: string) => string | null,
  ) {
    this.#keepsOps = rules.some(({ op, reply }) => op !== undefined && reply === true);
  }

  tables(): readonly Table[] {
    return [tableOfData('partition', this.#partitions), tableOfData('message-rule', this.#counts)];
  }

  /** Partitions that an earlier process has left in force. */
  get inForce(): ReadonlyMap<string, PartitionInForce> {
    return this.#partitions;
  }

  /** A partition begins. @param place of the fault in the scenario @returns who is cut off; null if nobody has such a name now */
  begin(place: number, { from, to, oneWay }: Partition, until: number): PartitionInForce | null {
    const [one, other] = [this.nodeOf(from), to === null ? null : this.nodeOf(to)];
    if (one === null || (to !== null && other === null)) return null;
    const partition = { from: one, to: other, oneWay, until };
    this.#partitions.set(String(place), partition);
    return partition;
  }

  /** @returns false if it is over already */
  end(place: number): boolean {
    return this.#partitions.delete(String(place));
  }

  /** Whether what one sends cannot reach the other. */
  cuts(from: string, to: string): boolean {
    for (const { from: one, to: other, oneWay } of this.#partitions.values()) {
      if (from === one && (to === other || other === null)) return true;
      if (!oneWay && to === one && (from === other || other === null)) return true;
    }
    return false;
  }

  /** What is to be done to a message that is being sent, or null. To be asked once for each. The first rule that applies wins; all of them count. */
  next(from: string, to: string, message: WireMessage): Interference | null {
    if (this.#keepsOps && message.kind === 'request') this.#asked.set(`${from} ${message.correlation}`, message.body.op);
    const op = message.kind === 'reply' ? this.#asked.get(`${to} ${message.correlation}`) : message.body.op;
    let hit: Interference | null = null;
    this.rules.forEach((rule, i) => {
      if (!this.#fits(rule, from, to, message, op)) return;
      const n = this.#count(`seen/${i}`);
      if (this.#healed || hit !== null || (rule.nth !== undefined && rule.nth !== n)) return;
      this.#count(`done/${i}`);
      hit = rule.does;
    });
    return hit;
  }

  /** Whether the rule at this place was applied to a message. */
  happened(rule: number): boolean {
    return this.#counts.has(`done/${rule}`);
  }

  heal(): void {
    this.#healed = true;
    this.#partitions.clear();
  }

  #fits(rule: MessageRule, from: string, to: string, message: WireMessage, op: string | undefined): boolean {
    if (rule.reply !== undefined && rule.reply !== (message.kind === 'reply')) return false;
    if (rule.op !== undefined && rule.op !== op) return false;
    return (rule.from === undefined || this.nodeOf(rule.from) === from) && (rule.to === undefined || this.nodeOf(rule.to) === to);
  }

  /** @returns how many there are now */
  #count(key: string): number {
    const n = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, n);
    return n;
  }
}
