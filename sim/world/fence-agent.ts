import { FenceTable } from '../../actors/host/fence-table.js';
import { BAD_PARAMETER, GENERAL_FAILURE, STALE, type WireMessage, type WireReply, type WireRequest } from '../../actors/wire.js';
import type { Kernel } from '../kernel/kernel.js';
import { drawLatency, type Latency } from './latency.js';
import type { NodeNetwork } from '../kernel/node-network.js';

/** Its name on the network. */
export const FENCE_AGENT = 'fence-agent';

export interface FenceAgentSettings {
  /** Until a host that is to be dead is dead. */
  readonly latency: Latency;
  /** Until it is up again. */
  readonly boot: Latency;
  /** Share of the requests that it answers with 100, without having done anything. */
  readonly failureRate: number;
}

export interface FenceAgentDeps {
  readonly kernel: Kernel;
  readonly network: NodeNetwork;
  readonly settings: FenceAgentSettings;
  /** Cuts a host's power, and gives it back: it boots for so many µs. Nothing happens to a host that is down, or of which a later incarnation runs. False: there is no such host. */
  readonly powerCycle: (host: string, incarnation: number, bootUs: number) => boolean;
}

/** What can be told to restart a host whatever that is doing, as by its power supply. It never crashes. */
export class FenceAgent {
  readonly #fences = new FenceTable();
  #failureRate: number;

  constructor(private readonly deps: FenceAgentDeps) {
    this.#failureRate = deps.settings.failureRate;
    deps.network.attach(FENCE_AGENT, (message) => this.#receive(message));
  }

  /** It does not fail any more. */
  heal(): void {
    this.#failureRate = 0;
  }

  #receive(message: WireMessage): boolean {
    if (message.kind !== 'request') return false;
    const { stamp, body } = message;
    if (body.op !== 'fenceHost') this.#reply(message, BAD_PARAMETER, `'${body.op}' is not for a fence agent`);
    else if (stamp !== null && !this.#fences.admit(stamp)) this.#reply(message, STALE, 'a newer incarnation or fence number has been seen');
    else this.#fence(message, body.host, body.incarnation);
    return true;
  }

  #fence(request: WireRequest, host: string, incarnation: number): void {
    const { kernel, settings, powerCycle } = this.deps;
    const draw = (purpose: string): number => kernel.streams.get(FENCE_AGENT, purpose).next();
    const fails = draw('failure') < this.#failureRate;
    const bootUs = drawLatency(settings.boot, draw('boot'));
    const run = (): void => {
      if (fails) this.#reply(request, GENERAL_FAILURE, `${host} could not be fenced`);
      else if (powerCycle(host, incarnation, bootUs)) this.#reply(request, 0, 'OK');
      else this.#reply(request, BAD_PARAMETER, `there is no host '${host}'`);
    };
    const at = kernel.now + drawLatency(settings.latency, draw('latency'));
    kernel.schedule(at, { kind: 'control', node: FENCE_AGENT, incarnation: 0, label: 'fence', content: host, background: false, run });
  }

  #reply({ from, correlation }: WireRequest, code: number, message: string): void {
    const reply: WireReply = { kind: 'reply', correlation, from: FENCE_AGENT, incarnation: 1, code, message, result: null };
    this.deps.network.send(FENCE_AGENT, from, reply, false);
  }
}
