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
  /** Up to which incarnation it is dead, by the fence agent's word; 0: none. */
  readonly fenced: number;
}

const NOTHING: Heard = { status: null, code: 0, refusals: 0, silentSince: null, fenced: 0 };

/** What the hosts of a pool answer when they are asked for their role, and for how long one has been silent: whatever arrives from a host ends its silence. */
export class HostWords {
  readonly #heard = new Map<string, Heard>();

  constructor(
    private readonly exchange: Pick<Exchange, 'lastHeard'>,
    private readonly now: () => number,
  ) {}

  /** @param askedAt µs */
  note(host: string, askedAt: number, answer: Answer): void {
    const { refusals, silentSince, fenced } = this.#of(host);
    if (answer.kind === 'timeout') {
      const silent = this.#isSilentSince(host, askedAt) ? (silentSince ?? askedAt) : null;
      this.#heard.set(host, { ...NOTHING, silentSince: silent, fenced });
      return;
    }
    const { code, result } = answer.reply;
    // Only getSpmStatus is answered with this.
    if (code === 0) this.#heard.set(host, { ...NOTHING, fenced, status: result as SpmStatus });
    else this.#heard.set(host, { ...NOTHING, fenced, code, refusals: refusals + 1 });
  }

  /** The fence agent has seen to this incarnation of it, and to those before. */
  isDead(host: string, incarnation: number): void {
    this.#heard.set(host, { ...this.#of(host), fenced: incarnation });
  }

  word(host: string): Word {
    const { status, code, refusals, silentSince, fenced } = this.#of(host);
    if (status !== null) return { kind: 'told', status };
    if (refusals > 0) return { kind: 'refused', code, times: refusals };
    const since = silentSince ?? this.now();
    return { kind: 'silent', forUs: this.now() - since, fenced };
  }

  #of(host: string): Heard {
    const { silentSince, ...heard } = this.#heard.get(host) ?? NOTHING;
    return { ...heard, silentSince: silentSince !== null && this.#isSilentSince(host, silentSince) ? silentSince : null };
  }

  #isSilentSince(host: string, since: number): boolean {
    return (this.exchange.lastHeard(host) ?? -1) < since;
  }
}
