import type { WireMessage } from '../../actors/wire.js';

/** How a node reaches the others. */
export interface NodeNetwork {
  /** Makes `node` reachable. `receive` says whether anybody was there to receive. */
  attach(node: string, receive: (message: WireMessage) => boolean): void;
  /**
   * Sends without waiting and without a word of what becomes of it.
   * @param background the message does not keep a simulation going; nor does a reply to it, however that is sent
   */
  send(from: string, to: string, message: WireMessage, background: boolean): void;
}
