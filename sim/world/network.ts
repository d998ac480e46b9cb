import type { WireMessage } from '../../actors/wire.js';
import type { Kernel } from '../kernel/kernel.js';
import type { NodeNetwork } from '../kernel/node-network.js';
import type { Stream } from '../kernel/streams.js';
import { drawLatency, type Latency } from './latency.js';

/** What becomes of a message: the delay in µs after which each copy of it arrives. None: it is lost; several: it is duplicated. */
export type Fate = readonly number[];

/** Decides the fate of each message; where loss, duplication and partitions come in. Draws from the link's own stream alone. */
export interface LinkModel {
  fate(from: string, to: string, stream: Stream): Fate;
}

/** Every message arrives once, after a latency of its own. Two messages of one link may overtake each other. */
export function reliableLinks(latency: Latency): LinkModel {
  return { fate: (_from, _to, stream) => [drawLatency(latency, stream.next())] };
}

/** What is fixed for all messages from one node to another. */
interface Link {
  readonly stream: Stream;
  /** `from>to op`, by op. */
  readonly labels: Map<string, string>;
}

/** The network between the nodes. A message is an event at the node that it goes to, and is lost when that node is down at that moment. */
export class SimNetwork implements NodeNetwork {
  private readonly receivers = new Map<string, (message: WireMessage) => boolean>();
  private readonly links = new Map<string, Link>();
  /** Requests that have arrived in the background, by who asked, and nobody has answered. */
  private readonly askedInBackground = new Set<string>();
  private lostCount = 0;

  constructor(
    private readonly kernel: Kernel,
    private readonly model: LinkModel,
  ) {}

  /** Messages that never reached anybody: lost on the way, or their node was down or does not exist. */
  get lost(): number {
    return this.lostCount;
  }

  attach(node: string, receive: (message: WireMessage) => boolean): void {
    this.receivers.set(node, receive);
  }

  send(from: string, to: string, message: WireMessage, background = false): void {
    const inBackground = background || this.answersInBackground(to, message);
    const link = this.link(from, to);
    const fate = this.model.fate(from, to, link.stream);
    if (fate.length === 0) this.lostCount += 1;
    for (const delay of fate) {
      // A copy for each delivery, taken when it is sent: neither side can then see what the other does to its value later, as on a real wire. Freezing
      // would cost the same walk and break a sender that goes on using its own object; an encoding would cost several times more.
      const content = copyOf(message) as WireMessage;
      this.kernel.schedule(this.kernel.now + delay, {
        kind: 'network',
        node: to,
        incarnation: 0,
        label: this.label(link, from, to, message),
        content,
        background: inBackground,
        run: () => this.deliver(to, content, inBackground),
      });
    }
  }

  private deliver(to: string, message: WireMessage, background: boolean): void {
    if (background && message.kind === 'request') this.askedInBackground.add(`${message.from} ${message.correlation}`);
    if (this.receivers.get(to)?.(message) !== true) this.lostCount += 1;
  }

  private answersInBackground(to: string, message: WireMessage): boolean {
    return message.kind === 'reply' && this.askedInBackground.delete(`${to} ${message.correlation}`);
  }

  private link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.links.get(key);
    if (link === undefined) this.links.set(key, (link = { stream: this.kernel.streams.get('network', key), labels: new Map<string, string>() }));
    return link;
  }

  private label(link: Link, from: string, to: string, message: WireMessage): string {
    const op = message.kind === 'reply' ? 'reply' : message.body.op;
    let label = link.labels.get(op);
    if (label === undefined) link.labels.set(op, (label = `${from}>${to} ${op}`));
    return label;
  }
}

/** A copy of plain data, down to the bottom. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: { [key: string]: unknown } = {};
  for (const key in value) copy[key] = copyOf((value as { readonly [key: string]: unknown })[key]);
  return copy;
}
