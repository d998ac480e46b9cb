import type { WireMessage } from '../../actors/wire.js';
import type { NetworkFaults } from '../faults/network-faults.js';
import { drawLatency, type Latency } from './latency.js';
import type { Draw, Fate, LinkModel } from './network.js';

/** What a link is like, in one direction. */
export interface LinkQuality {
  readonly latency: Latency;
  /** The share of messages that never arrive, 0 to 1. */
  readonly loss: number;
  /** The share of messages that arrive twice, 0 to 1; the second time after a latency of its own. */
  readonly duplication: number;
}

/** Links as good as a scenario says, which lose and repeat messages by chance until all faults end, and with which faults interfere. */
export class Links implements LinkModel {
  readonly #byLink = new Map<string, LinkQuality>();
  #healed = false;

  /** @param qualityOf what the link from one node to another is like */
  constructor(
    private readonly qualityOf: (from: string, to: string) => LinkQuality,
    private readonly faults: NetworkFaults,
  ) {}

  heal(): void {
    this.#healed = true;
  }

  fate(from: string, to: string, message: WireMessage, draw: Draw): Fate {
    const { latency, loss, duplication } = this.#quality(from, to);
    // Drawn for each message, whatever becomes of it, so that two runs that differ in what is lost stay aligned.
    const delay = drawLatency(latency, draw('latency'));
    const isLost = loss > 0 && draw('loss') < loss;
    const isRepeated = duplication > 0 && draw('duplication') < duplication;
    const again = isRepeated ? drawLatency(latency, draw('repetition')) : 0;
    const interference = this.faults.next(from, to, message);
    if (this.faults.cuts(from, to)) return { kind: 'lost', why: 'partition' };
    const usual = isRepeated && !this.#healed ? [delay, again] : [delay];
    switch (interference?.what) {
      case 'drop':
        return { kind: 'lost', why: 'dropMessage' };
      case 'duplicate':
        return { kind: 'arrives', delays: [...usual, delay + interference.after], late: 0 };
      case 'delay':
        return { kind: 'arrives', delays: usual.map((us) => us + interference.by), late: interference.by };
      case undefined:
        return isLost && !this.#healed ? { kind: 'lost', why: 'loss' } : { kind: 'arrives', delays: usual, late: 0 };
    }
  }

  #quality(from: string, to: string): LinkQuality {
    const key = `${from}>${to}`;
    let quality = this.#byLink.get(key);
    if (quality === undefined) this.#byLink.set(key, (quality = this.qualityOf(from, to)));
    return quality;
  }
}

/** What a scenario says of its network. */
export interface NetworkSettings extends LinkQuality {
  /** What is different on some links; the last one that says something of a link holds. */
  readonly links: readonly (Partial<LinkQuality> & { readonly from?: string; readonly to?: string })[];
}

/** The quality of each link. */
export function qualities({ links, ...usual }: NetworkSettings): (from: string, to: string) => LinkQuality {
  return (from, to) => {
    const different = links.filter((link) => (link.from ?? from) === from && (link.to ?? to) === to);
    return different.reduce<LinkQuality>((quality, { latency = quality.latency, loss = quality.loss, duplication = quality.duplication }) => ({ latency, loss, duplication }), usual);
  };
}
