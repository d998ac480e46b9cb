import type { HostRequest, WireMessage } from '../../actors/wire.js';
import type { NodeNetwork } from '../kernel/node-network.js';
import type { SharedStorage } from './shared-storage.js';

/** Its name on the network. */
const OPERATOR = 'operator';

/** An operator who lets the SPM role of a pool move, behind the engine's back: the one host is to stop, and when it has, another is to start. */
export class SpmSwitch {
  /** What follows upon the answer to a request, by its number. */
  readonly #next = new Map<string, () => void>();
  #asked = 0;

  constructor(
    private readonly network: NodeNetwork,
    private readonly storage: SharedStorage,
  ) {
    network.attach(OPERATOR, (message) => this.#receive(message));
  }

  /** @returns whether there is an SPM that can give up its role to this host */
  move(pool: string, to: string | undefined): boolean {
    const { owner, generation, version } = this.storage.lease(pool);
    if (owner === null || to === undefined || to === owner) return false;
    this.#ask(owner, { op: 'stopSpm', pool, generation }, () => this.#ask(to, { op: 'startSpm', pool, prevId: null, prevVersion: version }));
    return true;
  }

  #ask(host: string, body: HostRequest, then?: () => void): void {
    this.#asked += 1;
    const correlation = String(this.#asked);
    if (then !== undefined) this.#next.set(correlation, then);
    this.network.send(OPERATOR, host, { kind: 'request', correlation, from: OPERATOR, stamp: null, body }, false);
  }

  /** A host that does not answer, or refuses, is left alone: then it is for the engine to see to an SPM. */
  #receive(message: WireMessage): boolean {
    if (message.kind !== 'reply') return false;
    const next = this.#next.get(message.correlation);
    this.#next.delete(message.correlation);
    if (message.code === 0) next?.();
    return true;
  }
}
