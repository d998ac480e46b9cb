import type { Answer, Exchange } from '../exchange.js';
import type { SpmStatus } from '../wire.js';
import type { Word } from './election.js';

interface Heard {
  readonly status: SpmStatus | null;
  /** Of the last answer, if it was an error; and how many in a row were. */
  readonly code: number;
  readonly refusals: number;
  /** When the first of the questions was asked that it has not answered in a row, µs; null: it has answered the last. */
  readonly silentSince: number | null;
  /** When the fence agent said that it is dead, µs. */
  readonly deadSince: number | null;
}

const NOTHING: Heard = { status: null, code: 0, refusals: 0, silentSince: null, deadSince: null };

/** What the hosts of a pool answer when they are asked for their role, and for how long one has been silent: whatever arrives from a host ends its silence. */
export class HostWords {
  readonly #heard = new Map<string, Heard>();

  constructor(
    private readonly exchange: Pick<Exchange, 'lastHeard'>,
    private readonly now: () => number,
  ) {}

  /** @param askedAt µs */
  note(host: string, askedAt: number, answer: Answer): void {
    const { refusals, silentSince, deadSince } = this.#of(host);
    if (answer.kind === 'timeout') {
      const silent = this.#isSilentSince(host, askedAt) ? (silentSince ?? askedAt) : null;
      this.#heard.set(host, { ...NOTHING, silentSince: silent, deadSince: silent === null ? null : deadSince });
      return;
    }
    const { code, result } = answer.reply;
    // Only getSpmStatus is answered with this.
    if (code === 0) this.#heard.set(host, { ...NOTHING, status: result as SpmStatus });
    else this.#heard.set(host, { ...NOTHING, code, refusals: refusals + 1 });
  }

  isDead(host: string): void {
    this.#heard.set(host, { ...this.#of(host), deadSince: this.now() });
  }

  word(host: string): Word {
    const { status, code, refusals, silentSince, deadSince } = this.#of(host);
    if (status !== null) return { kind: 'told', status };
    if (refusals > 0) return { kind: 'refused', code, times: refusals };
    const since = silentSince ?? this.now();
    return { kind: 'silent', forUs: this.now() - since, dead: deadSince !== null && this.#isSilentSince(host, deadSince) };
  }

  #of(host: string): Heard {
    const { silentSince, ...heard } = this.#heard.get(host) ?? NOTHING;
    return { ...heard, silentSince: silentSince !== null && this.#isSilentSince(host, silentSince) ? silentSince : null };
  }

  #isSilentSince(host: string, since: number): boolean {
    return (this.exchange.lastHeard(host) ?? -1) < since;
  }
}
