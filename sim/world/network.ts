import type { Probe } from '../../actors/probe.js';
import type { WireMessage } from '../../actors/wire.js';
import type { Kernel } from '../kernel/kernel.js';
import type { NodeNetwork } from '../kernel/node-network.js';
import type { Stream } from '../kernel/streams.js';
import { drawLatency, type Latency } from './latency.js';

/** What becomes of a message. */
export type Fate =
  | { readonly kind: 'lost'; readonly why: LossCause }
  /** A copy of it arrives after each of the delays, µs: several if it is duplicated. `late`: how much of that is on purpose. */
  | { readonly kind: 'arrives'; readonly delays: readonly number[]; readonly late: number };

/** By chance, since two nodes are cut off from each other, or because a fault was meant for this message. */
export type LossCause = 'loss' | 'partition' | 'dropMessage';

/** A draw from [0, 1) of the link's own stream for a purpose. */
export type Draw = (purpose: 'latency' | 'loss' | 'duplication' | 'repetition') => number;

/** Decides the fate of each message. */
export interface LinkModel {
  fate(from: string, to: string, message: WireMessage, draw: Draw): Fate;
}

/** Every message arrives once, after a latency of its own. Two messages of one link may overtake each other. */
export function reliableLinks(latency: Latency): LinkModel {
  return { fate: (_from, _to, _message, draw) => ({ kind: 'arrives', delays: [drawLatency(latency, draw('latency'))], late: 0 }) };
}

/** What an observer is told of messages. */
export type NetworkProbe = Extract<Probe, { type: 'messageLost' | 'messageDuplicated' | 'messageDelayed' }>;

/** What is fixed for all messages from one node to another. */
interface Link {
  readonly draw: Draw;
  /** `from>to op`, by op. */
  readonly labels: Map<string, string>;
}

/** The network between the nodes. A message is an event at the node that it goes to, and is lost when that node is down at that moment. */
export class SimNetwork implements NodeNetwork {
  private readonly receivers = new Map<string, (message: WireMessage) => boolean>();
  private readonly links = new Map<string, Link>();
  /** Requests that have arrived in the background, by who asked, and nobody has answered. */
  private readonly askedInBackground = new Set<string>();

  constructor(
    private readonly kernel: Kernel,
    private readonly model: LinkModel,
    private readonly tell: (probe: NetworkProbe) => void = () => undefined,
  ) {}

  attach(node: string, receive: (message: WireMessage) => boolean): void {
    this.receivers.set(node, receive);
  }

  send(from: string, to: string, message: WireMessage, background = false): void {
    const inBackground = background || this.answersInBackground(to, message);
    const link = this.link(from, to);
    const fate = this.model.fate(from, to, message, link.draw);
    if (fate.kind === 'lost') return this.tell({ type: 'messageLost', from, to, op: opOf(message), why: fate.why, ...behalfOf(message) });
    if (fate.delays.length > 1) this.tell({ type: 'messageDuplicated', from, to, op: opOf(message), ...taskOf(message) });
    if (fate.late > 0) this.tell({ type: 'messageDelayed', from, to, op: opOf(message), byUs: fate.late, ...behalfOf(message) });
    for (const delay of fate.delays) {
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
    if (this.receivers.get(to)?.(message) !== true) this.tell({ type: 'messageLost', from: message.from, to, op: opOf(message), why: 'nobody', ...behalfOf(message) });
  }

  private answersInBackground(to: string, message: WireMessage): boolean {
    return message.kind === 'reply' && this.askedInBackground.delete(`${to} ${message.correlation}`);
  }

  private link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.links.get(key);
    if (link === undefined) this.links.set(key, (link = { draw: this.drawing(key), labels: new Map<string, string>() }));
    return link;
  }

  private drawing(link: string): Draw {
    const streams = new Map<string, Stream>();
    return (purpose) => {
      let stream = streams.get(purpose);
      if (stream === undefined) streams.set(purpose, (stream = this.kernel.streams.get('network', `${purpose} ${link}`)));
      return stream.next();
    };
  }

  private label(link: Link, from: string, to: string, message: WireMessage): string {
    const op = opOf(message);
    let label = link.labels.get(op);
    if (label === undefined) link.labels.set(op, (label = `${from}>${to} ${op}`));
    return label;
  }
}

/** The task that is submitted to a host that makes its own task ids. */
function taskOf(message: WireMessage): { readonly task?: string } {
  if (message.kind !== 'request' || message.body.op !== 'submitTask') return {};
  const { task } = message.body.step;
  return task === undefined ? {} : { task };
}

function behalfOf(message: WireMessage): { readonly correlation?: string; readonly commandId?: string } {
  if (message.kind === 'event') return {};
  const commandId = message.kind === 'request' ? message.stamp?.fence?.commandId : undefined;
  return { correlation: message.correlation, ...(commandId === undefined ? {} : { commandId }) };
}

function opOf(message: WireMessage): string {
  return message.kind === 'reply' ? 'reply' : message.body.op;
}

/** A copy of plain data, down to the bottom. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: { [key: string]: unknown } = {};
  for (const key in value) copy[key] = copyOf((value as { readonly [key: string]: unknown })[key]);
  return copy;
}
