import { isStillSettled, settledAt } from '../../src/flow/settled.js';
import type { SettledAt, UnsettledCall } from '../../src/flow/state.js';
import type { EnginePorts } from '../ports.js';
import type { CallbackHost } from './callback-host.js';
import type { DurableCommand } from './durable-command.js';
import { unsettledCalls } from './unsettled.js';

/** `open`: a call whose host has not said in time that it is over; null: all are over that had left by `at`. */
export type Settled = { readonly at: SettledAt; readonly open: UnsettledCall | null };

/**
 * Makes sure that the calls of a command that nobody has answered are over. A commit gives them up, so that hosts refuse what of them arrives later; then each
 * host says when what has arrived is over. Nothing is decided by that: whoever asked commits what follows, if it still does.
 */
export class Settling {
  #waiting: ((settled: Settled) => void)[] = [];
  /** When the calls were given up that a host has not called over yet. */
  #givenUpAt: SettledAt | null = null;

  constructor(
    private readonly ports: EnginePorts,
    private readonly command: DurableCommand,
    private readonly host: Pick<CallbackHost, 'drain'>,
  ) {}

  /** Those who ask while it is under way wait with the first. */
  ask(then: (settled: Settled) => void): void {
    this.#waiting.push(then);
    if (this.#waiting.length > 1) return;
    if (this.#isGivenUp()) return this.#drain();
    // Of a command that is over by then, nothing can be under way.
    this.command.apply({ type: 'callsGivenUp' }, { then: () => this.#drain() }, { ignored: () => this.#answer(settledAt(this.command.state), null) });
  }

  /** Nothing was sent since: while calls are waited for no callback begins but the clean-up of a task, which waits for nobody. */
  #isGivenUp(): boolean {
    if (this.#givenUpAt === null || !isStillSettled(this.command.state, this.#givenUpAt)) return false;
    return [...this.command.openCalls.values()].every(({ task }) => task === undefined);
  }

  #drain(): void {
    const at = settledAt(this.command.state);
    this.#givenUpAt = at;
    this.#firstOpen().then(
      (open) => this.#answer(at, open),
      (error: unknown) => this.ports.fault(error),
    );
  }

  #answer(at: SettledAt, open: UnsettledCall | null): void {
    if (open === null) this.#givenUpAt = null;
    for (const then of this.#waiting.splice(0)) then({ at, open });
  }

  async #firstOpen(): Promise<UnsettledCall | null> {
    const calls = unsettledCalls(this.command.state, this.command.openCalls);
    // An earlier incarnation of a host is over, if it was ever sent anything under a later one.
    const incarnations = new Map<string, number>();
    for (const { host, hostIncarnation } of calls) incarnations.set(host, Math.max(hostIncarnation, incarnations.get(host) ?? 0));
    const answers = await Promise.all([...incarnations].map(async ([host, incarnation]) => ({ host, over: await this.host.drain(host, incarnation) })));
    const open = new Set(answers.flatMap(({ host, over }) => (over ? [] : [host])));
    return calls.find(({ host }) => open.has(host)) ?? null;
  }
}
