import type { HostRequest, WireMessage } from '../../actors/wire.js';
import type { NodeNetwork } from '../kernel/node-network.js';
import type { SharedStorage } from './shared-storage.js';
import { tableOfData, type Table } from './table.js';
import { TrackedMap } from './tracked-map.js';

/** Its name on the network. */
const OPERATOR = 'operator';

/** A move that is under way: which of the two hosts has been asked, and has not answered. */
type Move = { readonly pool: string; readonly from: string; readonly to: string; readonly asked: 'stopSpm' | 'startSpm' };

/** An operator who lets the SPM role of a pool move, behind the engine's back: the one host is to stop, and when it has, another is to start. What he is about outlives the process. */
export class SpmSwitch {
  /** By the number of the request that has not been answered. */
  readonly #moves = new TrackedMap<string, Move>();
  #asked = 0;

  constructor(
    private readonly network: NodeNetwork,
    private readonly storage: SharedStorage,
  ) {
    network.attach(OPERATOR, (message) => this.#receive(message));
  }

  tables(): readonly Table[] {
    return [tableOfData('spm-move', this.#moves)];
  }

  get isUnderWay(): boolean {
    return this.#moves.size > 0;
  }

  /** @returns whether there is an SPM that can give up its role to this host */
  move(pool: string, to: string | undefined): boolean {
    const { owner } = this.storage.lease(pool);
    if (owner === null || to === undefined || to === owner) return false;
    this.#stop({ pool, from: owner, to });
    return true;
  }

  /**
   * Takes up what an earlier process has left: question and answer were lost with it. A host that is the SPM yet is asked once more to stop, with the lease that it has by now; if nobody is, it
   * has stopped. When another host is the SPM, there is nothing left to move.
   */
  goOn(): void {
    const moves = [...this.#moves.values()];
    this.#moves.clear();
    for (const { pool, from, to, asked } of moves) {
      const { owner } = this.storage.lease(pool);
      if (owner === null) this.#start({ pool, from, to });
      else if (owner === from && asked === 'stopSpm') this.#stop({ pool, from, to });
    }
  }

  #stop(move: Omit<Move, 'asked'>): void {
    const { pool, from } = move;
    this.#ask(from, { ...move, asked: 'stopSpm' }, { op: 'stopSpm', pool, generation: this.storage.lease(pool).generation });
  }

  #start(move: Omit<Move, 'asked'>): void {
    const { pool, to } = move;
    this.#ask(to, { ...move, asked: 'startSpm' }, { op: 'startSpm', pool, prevId: null, prevVersion: this.storage.lease(pool).version });
  }

  #ask(host: string, move: Move, body: HostRequest): void {
    // Beyond those of an earlier process, too.
    this.#asked = Math.max(this.#asked, ...[...this.#moves.keys()].map(Number)) + 1;
    const correlation = String(this.#asked);
    this.#moves.set(correlation, move);
    this.network.send(OPERATOR, host, { kind: 'request', correlation, from: OPERATOR, stamp: null, body }, false);
  }

  /** A host that does not answer, or refuses, is left alone: then it is for the engine to see to an SPM. */
  #receive(message: WireMessage): boolean {
    if (message.kind !== 'reply') return false;
    const move = this.#moves.get(message.correlation);
    this.#moves.delete(message.correlation);
    if (message.code === 0 && move?.asked === 'stopSpm') this.#start(move);
    return true;
  }
}
