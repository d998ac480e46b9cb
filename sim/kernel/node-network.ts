import type { WireMessage } from '../../actors/wire.js';

/** How a node reaches the others. */
export interface NodeNetwork {
  /** Makes `node` reachable. `receive` says whether anybody was there to receive. */
  attach(node: string, receive: (message: WireMessage) => boolean): void;
  /** Sends without waiting and without a word of what becomes of it. */
  send(from: string, to: string, message: WireMessage): void;
}
